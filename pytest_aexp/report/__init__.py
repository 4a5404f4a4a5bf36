"""The findings, their verdicts and the runs behind them on one page that needs nothing else."""
