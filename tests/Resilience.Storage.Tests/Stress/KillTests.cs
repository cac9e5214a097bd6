using System.Globalization;
using Resilience.Storage.Tests.Support;
using Resilience.TestKit;

namespace Resilience.Storage.Tests.Stress;

/// <summary>kill -9 of a real process on a real database and real files, again and again.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const string Victim = "victim";
    private static readonly TimeSpan BeyondLease = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(SqlDialect.Sqlite)]
    [InlineData(SqlDialect.PostgreSql)]
    public async Task Forty_kills_lose_no_file_of_a_record_and_leave_nothing_after_recovery(SqlDialect dialect)
    {
        var outcome = await RunAsync(dialect, kills: 20, broken: false);
        outcome.Violations.ShouldBe(0);
        outcome.Kills.ShouldBe(20);
        outcome.Pending.ShouldBeGreaterThan(0, "no kill hit a deletion on its way: nothing was tested");
    }

    [Fact]
    public async Task The_kills_catch_a_protocol_that_deletes_the_file_before_the_commit()
    {
        var outcome = await RunAsync(SqlDialect.Sqlite, kills: 8, broken: true);
        outcome.Violations.ShouldBeGreaterThan(0);
    }

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData(SqlDialect.Sqlite)]
    [InlineData(SqlDialect.PostgreSql)]
    public async Task Ten_thousand_kills(SqlDialect dialect)
    {
        // A run that has less time may ask for fewer.
        var kills = int.TryParse(Environment.GetEnvironmentVariable("RESILIENCE_KILLS"), CultureInfo.InvariantCulture, out var asked) ? asked : 10_000;
        var outcome = await RunAsync(dialect, kills / 2, broken: false);
        output.WriteLine($"{dialect}: {outcome.Kills:N0} kills, {outcome.Deletions:N0} deletions, {outcome.Pending:N0} on their way when killed");
        outcome.Violations.ShouldBe(0);
        outcome.Kills.ShouldBe(kills / 2);
        outcome.Deletions.ShouldBeGreaterThan(kills * 2);
    }

    private static async Task<Outcome> RunAsync(SqlDialect dialect, int kills, bool broken)
    {
        var database = dialect == SqlDialect.Sqlite ? new SqliteTestDatabase() : await PostgreSqlTestDatabase.CreateAsync();
        await using var harness = await StorageHarness.CreateAsync(database);
        var connection = database is SqliteTestDatabase sqlite ? sqlite.ConnectionString : $"{((PostgreSqlTestDatabase)database).ConnectionString};Application Name={Victim}";
        var outcome = new Outcome();
        var next = 0;

        // A fixed seed: each kill comes after another number of deletions.
        var random = new Random(20260101);
        for (var kill = 0; kill < kills; kill++)
        {
            var missing = 300 - (await harness.VisibleAsync()).Count;
            await harness.AddManyAsync(Enumerable.Range(0, missing).Select(_ => (next++).ToString("D7", CultureInfo.InvariantCulture)).ToList());

            // Chance alone may miss what is on its way, on a machine that is busy: every fourth time the files are held back after some deletions.
            var held = kill % 4 == 3;
            var after = held ? random.Next(0, 80) : int.MaxValue;
            await using (var child = await ChildProcess.StartAsync<KillScenario>(
                dialect.ToString(), connection, harness.Root, broken ? "broken" : "right", after.ToString(CultureInfo.InvariantCulture)))
            {
                for (var messages = held ? int.MaxValue : random.Next(0, 8); messages >= 0 && await child.ReceiveAsync() != KillScenario.Held; messages--)
                {
                }

                await child.KillAsync();
            }

            await database.WhenLeftByAsync(Victim);
            await CheckAsync(harness, outcome, broken);
        }

        outcome.Deletions = next - (await harness.VisibleAsync()).Count;
        return outcome;
    }

    private static async Task CheckAsync(StorageHarness harness, Outcome outcome, bool broken)
    {
        outcome.Kills++;

        // Before recovery: no reader sees a record without its file.
        outcome.Violations += (await harness.VisibleAsync()).Count(key => !harness.FileExists(key));
        outcome.Pending += (await harness.JournalAsync()).Count;
        if (broken)
        {
            await harness.Database.ExecuteAsync("DELETE FROM attachments; DELETE FROM resilience_file_journal");
            Array.ForEach([.. harness.Files()], file => File.Delete(Path.Combine(harness.Root, file)));
            return;
        }

        harness.Time.ShiftWallClock(TimeProvider.System.GetUtcNow() - harness.Time.GetUtcNow() + BeyondLease);
        await using var app = harness.Start();
        var report = await app.Deletions.RecoverAsync();
        report.Completed.ShouldBe(report.Claimed);
        await harness.NothingIsLeftAsync();
    }

    private sealed class Outcome
    {
        public int Kills { get; set; }

        public int Violations { get; set; }

        public int Pending { get; set; }

        public int Deletions { get; set; }
    }
}
