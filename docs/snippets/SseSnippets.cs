using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Sse;

namespace Docs.Snippets;

public static class SseSnippets
{
    public static void Register(WebApplicationBuilder builder)
    {
        // snippet: sse-register
        builder.Services.AddSseManager(o => o.MaxConnectionsPerKey = 5);
        builder.Services.AddHealthChecks().AddSseManager();
        // end
    }

    public static void Map(WebApplication app)
    {
        // snippet: sse-map
        app.MapSse("/events", static async (SseConnectContext connect, Memberships members, CancellationToken ct) =>
                await members.CanReadAsync(connect.User, connect.Query("room"), ct)
                    ? SseResults.Subscribe($"room:{connect.Query("room")}")
                    : TypedResults.Forbid())
            .WithSse(o => o.MaxLifetime = TimeSpan.FromMinutes(60));

        app.MapGet("/ops/metrics", () => SseResults.Sample(TimeSpan.FromSeconds(1), static ct => Figures.ReadAsync(ct)));
        app.MapGet("/ops/logs", (LogSource logs) => SseResults.Stream(ct => logs.ReadAllAsync(ct)));
        // end
    }

    public static async Task PublishAsync(ISsePublisher publisher, Message message)
    {
        // snippet: sse-publish
        await publisher.PublishAsync("room:1", message, eventType: "message");
        // end
    }

    public static async Task LeaveAsync(ISseManager streams, string userId, string session)
    {
        // snippet: sse-end
        await streams.UnsubscribeAsync(SseTarget.User(userId), "room:1");   // a ban: nothing published after this reaches them
        await streams.RevokeAsync(SseTarget.Tag($"session:{session}"));     // a sign-out: the streams of that session end
        // end
    }

    // snippet: sse-validator
    public sealed class SessionValidator(Sessions sessions) : ISseTokenValidator
    {
        public async ValueTask<SseTokenStatus> ValidateAsync(SseTokenContext context, CancellationToken cancellationToken) =>
            await sessions.IsOpenAsync(context.User, cancellationToken) ? SseTokenStatus.Valid : SseTokenStatus.Revoked;
    }

    // end
    public sealed class Memberships
    {
        public ValueTask<bool> CanReadAsync(ClaimsPrincipal user, string? room, CancellationToken ct) =>
            ValueTask.FromResult(user.Identity?.IsAuthenticated == true && room is not null && !ct.IsCancellationRequested);
    }

    public sealed class Sessions
    {
        public ValueTask<bool> IsOpenAsync(ClaimsPrincipal user, CancellationToken ct) =>
            ValueTask.FromResult(user.Identity?.IsAuthenticated == true && !ct.IsCancellationRequested);
    }

    public sealed class LogSource
    {
        public async IAsyncEnumerable<string> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
            yield return "line";
        }
    }

    public static class Figures
    {
        public static ValueTask<int> ReadAsync(CancellationToken ct) => ValueTask.FromResult(ct.IsCancellationRequested ? 0 : 1);
    }

    public sealed record Message(string Text);
}
