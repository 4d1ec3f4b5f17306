"""What the services share: contracts, ports, the bus and state behind them, plug-in interfaces."""
