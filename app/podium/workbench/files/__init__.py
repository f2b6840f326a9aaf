"""Files of the workspace: what the tree shows, what the editor opens and saves. No Textual in here."""
