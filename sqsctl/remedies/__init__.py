"""What to do about a finding, in the words of the tool that deploys the stack. Pure."""
