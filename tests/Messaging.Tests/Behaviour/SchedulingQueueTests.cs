using System.Text.Json;
using Messaging.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues;
using Resilience.TestKit;

namespace Messaging.Tests.Behaviour;

/// <summary>Delayed messages where the queue is small, is lost, or gives up; each on a database of its own.</summary>
public sealed class SchedulingQueueTests
{
    private const string Secret = "--Cron:Secret=open sesame";

    // Many requests and deliveries, on a machine that may be slow.
    private static readonly TimeSpan Slowly = TimeSpan.FromSeconds(12);

    public static TheoryData<string> Databases => [AppHome.Sqlite, AppHome.PostgreSql];

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_full_queue_refuses_with_a_time_to_wait_and_leaves_no_row(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartCountedAsync(new ManualTimeProvider(), ["--Queue:MaxSize=2"]);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var first = (await author.ScheduleAsync(id, "1", 600)).ShouldHaveStatus(202);
        (await author.ScheduleAsync(id, "2", 600)).ShouldHaveStatus(202);
        var events = await Stored.TextsAsync(app, "SELECT COUNT(*) FROM outbox");

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => author.ScheduleAsync(id, "3", 600, $"c{i}")));

        foreach (var refused in replies)
        {
            refused.ShouldBeRefused(429);
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBe(TimeSpan.FromSeconds(30));
        }

        (await Stored.TextsAsync(app, "SELECT text FROM scheduled_messages ORDER BY id")).ShouldBe(["1", "2"]);
        (await author.ScheduledAsync()).Length.ShouldBe(2);
        events.ShouldHaveSingleItem();
        (await author.SayAsync(id, "at once", "c0")).ShouldHaveStatus(201);

        // A place that becomes free is used again.
        (await author.DeleteAsync($"/api/scheduled/{first["id"]}")).ShouldHaveStatus(204);
        (await author.ScheduleAsync(id, "3", 600, "c1")).ShouldHaveStatus(202);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_was_scheduled_before_a_restart_is_sent_once_after_it(string database)
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(database);
        string channel, token;
        await using (var app = await home.StartAsync(configure: builder => Replace.Time(builder, time)))
        {
            using var author = await app.NewUserAsync();
            (channel, token) = (await author.CreateChannelAsync(), author.Token!);
            for (var i = 0; i < 250; i++)
            {
                // More than a page of the recovery, and of one user not more than allowed.
                using var other = i % 90 == 0 ? await MemberAsync(app, channel) : null;
                token = other?.Token ?? token;
                using var writer = new TestClient(app.Url, token);
                (await writer.ScheduleAsync(channel, $"m{i}", i % 2 == 0 ? 60 : 7_200)).ShouldHaveStatus(202);
            }
        }

        // While nobody is there, half of them become due.
        time.Advance(TimeSpan.FromSeconds(600));
        await using var again = await home.StartAsync([Scheduling.LongLease], builder => Replace.Time(builder, time));
        using var reader = new TestClient(again.Url, token);
        await Watchdog.UntilAsync(async () => (await reader.TextsAsync(channel)).Length >= 125, expected: Slowly, what: "what was due to be sent");
        await Watchdog.UntilAsync(async () => (await again.Queue().GetStatsAsync()).Delayed >= 125, expected: Slowly, what: "what is not due to be in the queue");
        await again.QuietAsync(time);
        (await reader.TextsAsync(channel)).Order().ShouldBe(Enumerable.Range(0, 250).Where(static i => i % 2 == 0).Select(static i => $"m{i}").Order());

        time.Advance(TimeSpan.FromSeconds(7_200));
        await again.QuietAsync(time);

        (await reader.TextsAsync(channel)).Order().ShouldBe(Enumerable.Range(0, 250).Select(static i => $"m{i}").Order());
        again.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_queue_too_small_for_what_is_pending_takes_it_bit_by_bit(string database)
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(database);
        string channel, token;
        await using (var app = await home.StartAsync(configure: builder => Replace.Time(builder, time)))
        {
            using var author = await app.NewUserAsync();
            (channel, token) = (await author.CreateChannelAsync(), author.Token!);
            for (var i = 0; i < 12; i++)
            {
                (await author.ScheduleAsync(channel, $"m{i}", 60)).ShouldHaveStatus(202);
            }
        }

        await using var small = await home.StartAsync(["--Queue:MaxSize=5"], builder => Replace.Time(builder, time));
        using var reader = new TestClient(small.Url, token);
        await Watchdog.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(20));
                await small.QuietAsync(time);
                return (await reader.ScheduledAsync()).Length == 0;
            },
            expected: Slowly, what: "all to be sent");

        (await reader.TextsAsync(channel)).Order().ShouldBe(Enumerable.Range(0, 12).Select(static i => $"m{i}").Order());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_lay_unclaimed_is_cleaned_up_and_redriven_by_an_operator(string database)
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(database);
        using var gate = new ManualResetEventSlim();
        await using var app = await home.StartAsync(
            [Secret, "--Queue:MessageTtl=00:00:15"],
            builder =>
            {
                Replace.Time(builder, time);
                builder.Services.Configure<QueueWorkerOptions>(ScheduledQueue.Name, static o => o.Concurrency = 1);
                builder.Services.AddScoped(provider =>
                {
                    gate.Wait();
                    return ActivatorUtilities.CreateInstance<ScheduledDelivery>(provider);
                });
            });
        using var first = await app.NewUserAsync();
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        for (var i = 0; i < 3; i++)
        {
            (await author.ScheduleAsync(id, $"m{i}", 5)).ShouldHaveStatus(202);
        }

        // The only place of the worker is taken: the other two lie unclaimed for longer than they may. On the way there the clock goes less far than that, however
        // long the worker takes.
        time.Advance(TimeSpan.FromSeconds(5));
        await Watchdog.UntilAsync(
            async () =>
            {
                var leased = (await app.Queue().GetStatsAsync()).Leased == 1;
                time.Advance(TimeSpan.FromMilliseconds(leased || time.Elapsed > TimeSpan.FromSeconds(12) ? 0 : 100));
                return leased;
            },
            expected: Slowly, what: "the first delivery");
        time.Advance(TimeSpan.FromSeconds(16));
        var report = (await CleanUpAsync(app, "open sesame")).ShouldHaveStatus(200).Json;

        report.GetProperty("removed").GetInt64().ShouldBe(2);
        report.GetProperty("batches").GetInt32().ShouldBe(1);
        report.GetProperty("remaining").GetInt64().ShouldBe(0);
        report.GetProperty("durationMs").GetInt64().ShouldBeGreaterThanOrEqualTo(0);
        var page = (await first.GetAsync("/ops/dead-letters?limit=1")).ShouldHaveStatus(200);
        page.Items.ShouldHaveSingleItem().GetProperty("reason").GetString().ShouldBe("expired");
        var rest = (await first.GetAsync($"/ops/dead-letters?limit=1&after={page["next"]}")).ShouldHaveStatus(200);
        rest.Json.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        page.Text.ShouldNotContain("m1");

        // The recovery leaves what the queue gave up to the operator.
        gate.Set();
        await Watchdog.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                await app.QuietAsync(time);
                return (await author.TextsAsync(id)).Length == 1 && time.Elapsed > TimeSpan.FromSeconds(150);
            },
            expected: Slowly, what: "the first message");
        foreach (var dead in page.Items.Concat(rest.Items))
        {
            (await first.PostAsync($"/ops/dead-letters/{dead.GetProperty("id").GetString()}/redrive")).ShouldHaveStatus(204);
        }

        await app.QuietAsync(time);
        (await author.TextsAsync(id)).Order().ShouldBe(["m0", "m1", "m2"]);
        (await first.GetAsync("/ops/dead-letters")).Items.ShouldBeEmpty();
        (await first.PostAsync($"/ops/dead-letters/{page.Items[0].GetProperty("id").GetString()}/redrive")).ShouldBeRefused(404);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_fails_for_good_is_a_dead_letter_with_its_history_until_it_is_redriven_or_cancelled(string database)
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartCountedAsync(
            time, ["--Queue:MaxSize=2"], static builder => builder.Services.Configure<DelayedQueueOptions>(ScheduledQueue.Name, static o => o.MaxRetries = 0));
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await Stored.RunAsync(app, "ALTER TABLE messages RENAME TO hidden");
        foreach (var text in new[] { "kept", "dropped" })
        {
            (await author.ScheduleAsync(id, text, 1)).ShouldHaveStatus(202);
        }

        // Not before both rows are committed: a delivery that finds no row asks for another try, and here there is none.
        time.Advance(TimeSpan.FromSeconds(1));
        await app.QuietAsync(time);
        (await app.Queue().GetStatsAsync()).Dead.ShouldBe(2);
        await Stored.RunAsync(app, "ALTER TABLE hidden RENAME TO messages");
        var dead = (await author.GetAsync("/ops/dead-letters")).ShouldHaveStatus(200).Items;
        dead[0].GetProperty("reason").GetString().ShouldBe("failures");
        dead[0].GetProperty("failures").GetInt32().ShouldBe(1);
        dead[0].GetProperty("history")[0].GetProperty("error").GetString()!.ShouldContain("messages");
        var waiting = await author.ScheduledAsync();
        waiting.Length.ShouldBe(2);
        var kept = waiting.Single(static item => item.GetProperty("text").GetString() == "kept").GetProperty("id").GetString()!;
        var dropped = waiting.Single(static item => item.GetProperty("text").GetString() == "dropped").GetProperty("id").GetString()!;

        // Cancelled by its author, it is nothing for operators any more.
        (await author.DeleteAsync($"/api/scheduled/{dropped}")).ShouldHaveStatus(204);
        var key = (await app.KeyAsync(kept)).Key;
        (await author.GetAsync("/ops/dead-letters")).Items.ShouldHaveSingleItem().GetProperty("id").GetString().ShouldBe(key);
        (await author.ScheduleAsync(id, "a", 600)).ShouldHaveStatus(202);
        var filler = (await author.ScheduleAsync(id, "b", 600)).ShouldHaveStatus(202);
        (await author.PostAsync($"/ops/dead-letters/{key}/redrive")).ShouldBeRefused(429).Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(30);
        (await author.DeleteAsync($"/api/scheduled/{filler["id"]}")).ShouldHaveStatus(204);
        (await author.PostAsync($"/ops/dead-letters/{key}/redrive")).ShouldHaveStatus(204);

        await Watchdog.UntilAsync(async () => (await author.TextsAsync(id)).Length > 0, expected: Slowly, what: "the redriven message");
        (await author.TextsAsync(id)).ShouldBe(["kept"]);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_key_without_a_row_is_let_go(string database)
    {
        var time = new ManualTimeProvider();
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync(configure: builder => Replace.Time(builder, time));
        (await app.Queue().EnqueueAsync(ScheduledMessageId.New())).IsAccepted.ShouldBeTrue();

        await Watchdog.UntilAsync(
            async () =>
            {
                await app.QuietAsync(time);
                time.Advance(TimeSpan.FromSeconds(2));
                return (await app.Queue().GetStatsAsync()).Size == 0;
            },
            expected: Slowly, what: "the key to leave the queue");

        (await app.Queue().GetStatsAsync()).Dead.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_health_shows_the_figures_of_the_queue_and_its_alert(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync(["--Queue:MaxSize=1", "--Queue:StatsInterval=00:00:00.100"]);
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        (await author.ScheduleAsync(id, "1", 600)).ShouldHaveStatus(202);
        (await author.ScheduleAsync(id, "2", 600)).ShouldBeRefused(429);

        await Watchdog.UntilAsync(
            async () => (await author.GetAsync("/health")).Json.GetProperty("checks").GetProperty("queues") is var check
                && check.GetProperty("status").GetString() == "Degraded"
                && check.GetProperty("data").GetProperty("scheduled.size").GetInt64() == 1
                && check.GetProperty("data").GetProperty("scheduled.rejected").GetInt64() == 1,
            expected: Slowly, what: "the alert in the health");
    }

    private static async Task<TestClient> MemberAsync(TestApp app, string channel)
    {
        var member = await app.NewUserAsync();
        await member.JoinAsync(channel);
        return member;
    }

    private static async Task<Reply> CleanUpAsync(TestApp app, string secret)
    {
        using var cron = new TestClient(app.Url, secret);
        return await cron.PostAsync("/ops/cron/cleanup-delayed-messages");
    }
}
