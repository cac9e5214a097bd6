using System.Security.Claims;
using Resilience.Sse;
using Resilience.TestKit.Systematic;

namespace Resilience.Systematic.Tests.Sse;

/// <summary>A copy of the way from the door to the end in its smallest form, into which faults are planted.</summary>
internal static class MutantConnector
{
    public static Task StartAsync(Schedule schedule, ScheduledNode node, ScheduledRequest request, ConnectionFault fault) => schedule.Run("request", async () =>
    {
        if (node.Drain.IsDraining)
        {
            request.Http.Response.StatusCode = 503;
            return;
        }

        var key = "unknown";
        if (fault == ConnectionFault.CountsAfterTheLook && node.Node.ConnectionCount > 0)
        {
            request.Http.Response.StatusCode = 429;
            return;
        }

        Schedule.Point("between the look and the count");
        node.Node.Limiter.TryTake(ref key, key);
        var connection = new SseConnection(node.Node, SseEndpointSettings.Create("mutant", node.Node.Options, new SseEndpointOptions()), key, key, null, new ClaimsPrincipal());
        connection.Register();
        var source = new HubSource(connection.Cursor);
        source.Open(["a"], null, connection.Cursor.Position, "sse.gap");
        connection.MarkOpened();
        await connection.RunAsync(request.Http, source);
        await connection.FreeAsync();
    });
}

/// <summary>A copy of the drain that looks whether all have gone before it can be told.</summary>
internal static class MutantDrain
{
    public static async Task RunAsync(ScheduledNode node)
    {
        node.Drain.Begin();
        if (node.Node.Limiter.Count == 0)
        {
            return;
        }

        Schedule.Point("between the look and the wait");
        await (node.Emptied = new TaskCompletionSource()).Task;
    }
}
