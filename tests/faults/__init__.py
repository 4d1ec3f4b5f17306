"""The whole relay under kills: a generator, a campaign, and a checker that believes no server's state."""
