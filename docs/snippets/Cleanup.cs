using System.Net;
using Resilience.Cleanup;

namespace Docs.Snippets;

internal static class Cleanup
{
    public static async Task Scope(CleanupScopeFactory scopes, Subscription subscription, HttpContext http)
    {
        // snippet: cleanup-scope
        await using var scope = scopes.Create();
        scope.CloseWhen(http.RequestAborted, CleanupReason.ClientClosed);
        scope.Use(subscription);
        scope.Defer(http.TraceIdentifier, static id => Console.WriteLine($"{id} ended"));
        scope.Defer(subscription, static async (s, context) => await s.SayGoodbyeAsync(context.Reason, context.CancellationToken));

        var report = await scope.Completion;
        // end
        _ = report;
    }

    public static CleanupScope Build(CleanupScopeFactory scopes, Subscription subscription)
    {
        // snippet: cleanup-move
        var building = scopes.Create();
        building.Use(subscription);
        return building.Move();
        // end
    }

    public static void Register(WebApplicationBuilder builder)
    {
        // snippet: cleanup-dispatcher
        builder.Services.AddCleanupScopes(o => o.StepTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddCleanupDispatcher(o => o.Workers = WorkerCount.Auto)
            .AddCoalescingLane<string, int, PresenceHandler>("presence", o => o.Delay = TimeSpan.FromSeconds(3));
        builder.Services.AddHealthChecks().AddCleanupDispatcher();
        // end
    }

    public static void Leave(CleanupDispatcher dispatcher, CleanupScope scope, Rooms rooms, CoalescingLane<string, int> presence, IPAddress address)
    {
        // snippet: cleanup-post
        scope.RemoveFrom(rooms, "room:1", 42L);
        scope.Defer((presence, room: "room:1"), static s => s.presence.Post(s.room, -1));

        var dispatch = dispatcher.Post(scope, CleanupReason.TransportError, CleanupSource.FromAddress(address));
        // end
        _ = dispatch;
    }

    public static void Come(CoalescingLane<string, int> presence)
    {
        // snippet: cleanup-lane-delay
        presence.Post("room:1", 1, TimeSpan.Zero);
        presence.Post("room:1", -1);
        // end
    }

    // snippet: cleanup-index
    internal sealed class Rooms : IBatchCleanup<string, long>
    {
        private readonly Dictionary<string, (Lock Lock, HashSet<long> Members)> _rooms = [];

        public Lock GetLock(string key) => _rooms[key].Lock;

        public void RemoveMany(string key, ReadOnlySpan<long> members)
        {
            foreach (var member in members)
            {
                _rooms[key].Members.Remove(member);
            }
        }
    }
    // end

    // snippet: cleanup-lane
    internal sealed class PresenceHandler : ICoalescingHandler<string, int>
    {
        // Left and joined again within the delay: nobody need hear of it.
        public bool TryMerge(string key, int pending, int added, out int merged)
        {
            merged = pending + added;
            return merged != 0;
        }

        public async ValueTask HandleAsync(IReadOnlyList<KeyValuePair<string, int>> batch, CancellationToken cancellationToken)
        {
            foreach (var (room, change) in batch)
            {
                await Console.Out.WriteLineAsync($"{room}: {change}".AsMemory(), cancellationToken);
            }
        }
    }
    // end

    internal sealed class Subscription : IAsyncDisposable
    {
        public ValueTask SayGoodbyeAsync(CleanupReason reason, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
