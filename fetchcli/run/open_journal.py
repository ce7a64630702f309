"""The journal behind an output."""

from fetchcli.run.file_journal import FileJournal
from fetchcli.run.journals import Journal
from fetchcli.run.output_plan import OutputPlan
from fetchcli.sinks.appending_output import AppendingOutput
from fetchcli.sinks.base import DataOutput


def journal_of(output: DataOutput, plan: OutputPlan) -> Journal | None:
    """What an output holds; None if a run cannot be continued from it."""
    if isinstance(output, AppendingOutput):
        return FileJournal(output, plan.journals[output.name], plan.schema)
    if output.name not in plan.tables:
        return None
    from fetchcli.run.table_journal import TableJournal
    from fetchcli.stores.base import TableOutput
    from fetchcli.stores.sql_table import SqlTable

    if isinstance(output, TableOutput) and isinstance(output.table, SqlTable):
        return TableJournal(output, output.table)
    return None
