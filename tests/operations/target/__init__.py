"""Which AWS and which stack are meant: settings, a running lab, the project's files."""
