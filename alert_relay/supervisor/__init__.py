"""`relay up`: the servers, the four services and the postbox of the examples under one supervisor.

Guarantees: it ends only processes that it started; a child that dies is started again and
named; if the supervisor itself is killed the kernel ends its children (Linux); one folder has
at most one supervisor.
"""
