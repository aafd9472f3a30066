"""Mail: the outbox row written with a change, tokens in links, templates."""
