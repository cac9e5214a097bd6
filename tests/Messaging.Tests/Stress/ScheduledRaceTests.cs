using System.Globalization;
using Messaging.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Queues;
using Resilience.TestKit;

namespace Messaging.Tests.Stress;

/// <summary>A delivery and a cancellation that meet: exactly one of the two happens, whatever the timing.</summary>
public sealed class ScheduledRaceTests
{
    private const int Rounds = 60;

    public static TheoryData<string> Databases => [AppHome.Sqlite, AppHome.PostgreSql];

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Of_a_delivery_and_a_cancellation_that_meet_exactly_one_happens(string database)
    {
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync();
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        var (sent, cancelled) = (new List<string>(), 0);
        for (var round = 0; round < Rounds; round++)
        {
            var text = round.ToString(CultureInfo.InvariantCulture);
            var scheduled = (await author.ScheduleAsync(id, text, 3_600)).ShouldHaveStatus(202)["id"];
            var key = await app.KeyAsync(scheduled);

            // Two deliveries, as after a lease that ran out, and two cancellations; which one begins changes from round to round.
            List<Func<Task<int>>> steps =
            [
                () => DeliverAsync(app, key), async () => (await author.DeleteAsync($"/api/scheduled/{scheduled}")).Status,
                () => DeliverAsync(app, key), async () => (await author.DeleteAsync($"/api/scheduled/{scheduled}")).Status,
            ];
            var answers = await Task.WhenAll(Enumerable.Range(0, steps.Count).Select(i => Task.Run(steps[(i + round) % steps.Count]))).Within();

            var won = answers.Count(static status => status == 204);
            answers.Where(static status => status != 0).ShouldAllBe(static status => status == 204 || status == 404 || status == 409);
            won.ShouldBeLessThanOrEqualTo(1);
            cancelled += won;
            if (won == 0)
            {
                sent.Add(text);
            }
        }

        (await author.TextsAsync(id)).ShouldBe(sent);
        (sent.Count + cancelled).ShouldBe(Rounds);
        (await author.ScheduledAsync()).ShouldBeEmpty();
        app.ShouldHaveLoggedNoProblem();
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Cancelling_while_the_queue_delivers_loses_and_repeats_nothing(string database)
    {
        const int Messages = 60;
        await using var home = await AppHome.CreateAsync(database);
        await using var app = await home.StartAsync();
        using var author = await app.NewUserAsync();
        var id = await author.CreateChannelAsync();
        await using var stream = await EventStream.OpenAsync(author, id);
        var scheduled = new List<(string Id, string Text)>();
        for (var i = 0; i < Messages; i++)
        {
            var reply = (await author.ScheduleAsync(id, $"m{i}", 1)).ShouldHaveStatus(202);
            scheduled.Add((reply["id"], $"m{i}"));
        }

        await stream.WhenAsync("message");
        var answers = await Task.WhenAll(scheduled.AsEnumerable().Reverse().Select(async one => (one.Text, (await author.DeleteAsync($"/api/scheduled/{one.Id}")).Status)));
        await app.NothingPendingAsync();

        answers.ShouldAllBe(static answer => answer.Status == 204 || answer.Status == 409);
        (await author.TextsAsync(id)).Order().ShouldBe(answers.Where(static answer => answer.Status == 409).Select(static answer => answer.Text).Order());
        app.ShouldHaveLoggedNoProblem();
    }

    private static async Task<int> DeliverAsync(TestApp app, ScheduledMessageId key)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ScheduledDelivery>().HandleAsync(key, new DeliveryContext(), CancellationToken.None);
        return 0;
    }
}
