"""Tests of the command line that pass with several processes as they do with one."""

import pytest

from tests.support import command

# Tests that say what the options of a run do, by module; each runs with one process and with two.
ALSO_WITH_TWO = {
    "test_pipeline": {
        "test_the_default_is_tab_separated_and_the_summary_goes_to_stderr",
        "test_several_outputs_at_once_say_the_same",
        "test_ordered_output_is_the_input_order",
        "test_96_a_closed_stdout_ends_the_run_quietly_and_promptly",
        "test_a_reader_that_reads_nothing_makes_no_url_time_out",
    },
    "test_polite": {
        "test_a_row_that_fails_and_then_passes_is_flaky",
        "test_what_is_not_idempotent_is_sent_once",
        "test_retry_after_leaves_the_whole_host_alone_and_no_other",
        "test_with_half_of_all_requests_reset_every_row_ends_accepted_and_every_request_is_counted",
        "test_a_rate_is_kept_by_the_servers_clock",
        "test_never_more_at_once_to_one_host",
        "test_rows_of_a_host_that_is_down_are_skipped_and_counted",
        "test_waiting_for_a_deployment",
        "test_a_row_that_waits_to_be_tried_again_is_not_lost_when_the_run_is_stopped",
        "test_progress_says_what_waits_and_why",
    },
    "test_watch": {
        "test_a_run_halts_and_counts_the_rest",
        "test_the_first_failure_halts_even_if_earlier_rows_are_still_awaited",
        "test_rounds_are_summed_up_one_by_one_and_together",
        "test_a_halt_ends_the_rounds_too",
        "test_only_what_is_new_decides",
        "test_a_slower_server_is_told_and_a_healthy_one_is_not",
        "test_a_report_takes_the_place_of_the_last_one_at_once",
        "test_in_a_github_workflow_failures_are_annotated",
    },
    "test_signals": {
        "test_97_what_is_finished_is_written",
        "test_97_an_array_is_closed_and_ordered_rows_are_given_out",
    },
    "test_resume": {
        "test_a_finished_run_asks_nothing_and_ends_alike",
        "test_duplicates_in_a_list_are_rows_of_their_own",
        "test_cancelled_rows_are_fetched_again_and_replaced",
        "test_containers_go_on_after_their_last_member",
        "test_a_body_that_is_gone_is_fetched_again",
    },
    "test_save": {
        "test_a_folder",
        "test_names_are_given_by_a_template_or_by_the_url_or_by_the_server",
        "test_stdout_takes_bodies_in_order_and_rows_go_elsewhere",
        "test_a_body_that_is_cut_off_goes_on_in_the_next_attempt",
        "test_a_body_that_is_cut_off_goes_on_in_the_next_run",
        "test_two_versions_of_a_body_are_not_mixed",
        "test_checks_see_what_was_left_once",
        "test_an_interrupted_run_keeps_what_came",
    },
    "test_cookies": {
        "test_cookies_along_the_redirects_of_one_row",
        "test_a_jar_is_shared_by_all_rows_and_written_whole",
        "test_cookies_go_where_they_belong_and_nowhere_else",
    },
    "test_revalidate": {"test_the_same_command_asks_only_for_what_changed", "test_changes_since_a_baseline"},
    "test_expectations": {"test_by_option", "test_a_body_is_looked_at_only_so_far"},
    "test_requests": {"test_content_from_stdin", "test_digest", "test_a_file_to_send_that_went_away_is_an_outcome"},
    "test_network_options": {"test_where_connections_go", "test_proxy_options_and_variables", "test_limits"},
    "test_tls": {"test_a_good_chain", "test_89_an_unknown_root", "test_90_a_stalled_handshake_is_timeout_connect"},
    "test_terminal": {"test_a_short_list_is_a_table_with_a_row_a_url"},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.rpartition(".")[2]
    if metafunc.function.__name__ in ALSO_WITH_TWO.get(module, ()):
        metafunc.parametrize("processes", [1, 2], indirect=True, ids=["one process", "two processes"])


@pytest.fixture(autouse=True)
def processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many processes send the requests of commands."""
    if (number := getattr(request, "param", 1)) != 1:
        monkeypatch.setitem(command.DEFAULTS, "FETCHCLI_PROCESSES", str(number))
