"""The system on one machine: MiniStack, the front door, the mailbox, the sample data. People and tests use the same."""
