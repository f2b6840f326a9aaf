"""What the editor knows about texts: checks, searching, completion. No Textual in here."""
