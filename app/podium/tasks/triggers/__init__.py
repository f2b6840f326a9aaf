"""The trigger types: what starts a flow by itself."""
