"""What is to be told: messages, attempts, wording, and the sender's one turn. Knows no incident rules."""
