"""Read models shared by page, API and command line: what stands, never what to do. Nothing here writes."""
