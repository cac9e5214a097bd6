using Microsoft.Extensions.Diagnostics.HealthChecks;
using Resilience.Data.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Data.Tests.Behaviour;

public sealed class QueryHealthTests
{
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(200);

    [Fact]
    public void Degraded_needs_enough_samples_in_two_windows_and_recovers()
    {
        var time = new ManualTimeProvider();
        var alerts = new List<DataAlert>();
        var fixture = new MonitorFixture(configure: o => o.OnAlert = alerts.Add, time: time);

        Window(fixture, time, slow: 49, fast: 0);
        Window(fixture, time, slow: 49, fast: 0);
        fixture.Monitor.Health.IsDegraded.ShouldBeFalse("49 samples say nothing");

        Window(fixture, time, slow: 10, fast: 90);
        fixture.Monitor.Health.IsDegraded.ShouldBeFalse("one bad window");
        Window(fixture, time, slow: 1, fast: 99);
        Window(fixture, time, slow: 10, fast: 90);
        fixture.Monitor.Health.IsDegraded.ShouldBeFalse("the good window between them starts the count again");

        Window(fixture, time, slow: 10, fast: 90);
        fixture.Monitor.Health.IsDegraded.ShouldBeTrue();
        Window(fixture, time, slow: 10, fast: 90);
        Window(fixture, time, slow: 0, fast: 100);
        fixture.Monitor.Health.IsDegraded.ShouldBeTrue("one good window");
        time.Advance(TimeSpan.FromSeconds(60));
        fixture.Monitor.Health.IsDegraded.ShouldBeFalse("a quiet window is a good one");

        alerts.ShouldBe([new DataAlert("queries_degraded", true), new DataAlert("queries_degraded", false)]);
        fixture.Logs.Of(4010).Count.ShouldBe(1);
        fixture.Logs.Of(4011).Count.ShouldBe(1);
        fixture.Collected.Values("resilience.data.alert.active", ("alert", "queries_degraded")).ShouldBe([1, 0]);
    }

    [Fact]
    public async Task The_health_check_says_when_nothing_is_monitored()
    {
        var fixture = new MonitorFixture();
        var check = new QueryMonitorHealthCheck(fixture.Monitor);

        var nothing = await check.CheckHealthAsync(new HealthCheckContext());
        fixture.Monitor.SourceAdded();
        var something = await check.CheckHealthAsync(new HealthCheckContext());

        nothing.Status.ShouldBe(HealthStatus.Degraded);
        nothing.Description.ShouldNotBeNull().ShouldContain("0 monitored sources");
        something.Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_slow_query_is_counted_once_also_when_it_fails_or_is_read_slowly()
    {
        var time = new ManualTimeProvider();
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.Sqlite, time: time);
        await using var connection = await fixture.Source.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM messages";
        await using (var reader = await command.ExecuteReaderAsync())
        {
            await reader.ReadAsync();
            time.Advance(Slow);
            await reader.CloseAsync();
        }

        fixture.Collected.Value("resilience.data.queries.slow").ShouldBe(1);
        fixture.Monitor.Record(Foreign(), Slow, error: new InvalidOperationException());
        fixture.Collected.Value("resilience.data.queries.slow").ShouldBe(2);
        fixture.Monitor.Record(Foreign(), Fast);
        fixture.Monitor.Health.Slow.ShouldBe(2);
        var statistics = fixture.Monitor.Snapshot().Single(static s => s.Statement == "select id from messages");
        (statistics.Count, statistics.Slow, statistics.Rows, statistics.Max).ShouldBe((1, 1, 1, Slow));
    }

    [Fact]
    public async Task No_parameter_value_is_in_any_log_metric_or_report()
    {
        const string Canary = "canary-4711";
        await using var fixture = await MonitorFixture.CreateAsync(SqlDialect.Sqlite, static o => o.SlowThreshold = TimeSpan.FromMilliseconds(1));
        var scope = fixture.Monitor.BeginScope("canary", new QueryBudget { MaxQueries = 1, MinRepeats = 2, MinRepeatTime = TimeSpan.Zero });
        await using var connection = await fixture.Source.OpenConnectionAsync();
        for (var i = 0; i < 3; i++)
        {
            await using var command = Sql.Of($"SELECT {Canary} WHERE 'canary-4711' = {Canary}").CreateCommand(connection);
            await command.ExecuteScalarAsync();
        }

        var report = scope.Complete();
        fixture.Monitor.Record(Foreign(Canary), TimeSpan.FromSeconds(1));

        report.Findings.Count.ShouldBe(2);
        string.Join('\n', report.Findings.Select(static f => f.ToString()).Concat(report.Statements.Select(static s => s.ToString()))).ShouldNotContain("canary-4711");
        string.Join('\n', fixture.Monitor.Snapshot().Select(static s => s.ToString())).ShouldNotContain("canary-4711");
        fixture.Logs.Records.Count.ShouldBeGreaterThan(2);
        string.Join('\n', fixture.Logs.Records.Select(static r => $"{r.Message} {string.Join(",", r.State)}")).ShouldNotContain("canary-4711");
        string.Join('\n', fixture.Collected.Measurements.SelectMany(static m => m.Tags)).ShouldNotContain("canary-4711");
    }

    private static void Window(MonitorFixture fixture, ManualTimeProvider time, int slow, int fast)
    {
        for (var i = 0; i < slow + fast; i++)
        {
            var start = time.GetTimestamp() - (i < slow ? Slow : Fast).Ticks;
            fixture.Monitor.Finished(null, null, start, start, time.GetTimestamp(), 0, null, null);
        }

        time.Advance(TimeSpan.FromSeconds(60));
    }

    private static Npgsql.NpgsqlCommand Foreign(string value = "x")
    {
        var command = new Npgsql.NpgsqlCommand($"SELECT '{value}' FROM elsewhere WHERE a = @a");
        command.Parameters.AddWithValue("a", value);
        return command;
    }
}
