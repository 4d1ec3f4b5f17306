"""Who comes in, and how: signing in and out, invitations, one's own account, and who else is a member."""
