"""Sheets in and out: reading CSV and XLSX forgivingly, and what rosters and directories look like in them."""
