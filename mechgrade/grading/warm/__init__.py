"""A worker that outlives the command: borrowed from the checkout's server, or left to a new one."""
