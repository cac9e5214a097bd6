using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Sse;

/// <summary>What a mapped handler becomes.</summary>
internal delegate ValueTask<IResult> SseHandler(SseConnectContext connect, IServiceProvider services, CancellationToken cancellationToken);

/// <summary>
/// Takes a request from the door to the end: rate, slot, handler in a scope of its own, stream, and one place that frees. Thread-safe.
/// </summary>
internal sealed class SseConnector(SseNode node, SseDrain drain, IServiceScopeFactory scopes, IServiceProvider services)
{
    // The settings of endpoints without options of their own: one per route pattern.
    private readonly ConcurrentDictionary<string, SseEndpointSettings> _defaults = new(StringComparer.Ordinal);

    /// <summary>For <c>MapSse</c>: the slot is taken first, then the handler decides.</summary>
    public async Task ConnectAsync(HttpContext http, SseHandler handler)
    {
        if (Admit(http, Settings(http), out var refused, out var retryAfterMs) is not { } connection)
        {
            await Refusal.WriteAsync(http, node, refused, retryAfterMs).ConfigureAwait(Systematic.KeepContext);
            return;
        }

        IResult? other = null;
        try
        {
            var result = await DecideAsync(http, connection, handler).ConfigureAwait(Systematic.KeepContext);
            if (Innermost(result) is SseResult stream)
            {
                await StreamAsync(http, connection, stream).ConfigureAwait(Systematic.KeepContext);
            }
            else if (result is not null)
            {
                other = result;
                connection.TryClose(SseCloseReason.Refused);
                if (result is not RefusedResult)
                {
                    // Our own refusal counts itself when it is written.
                    node.CountRejected(RejectReasons.Handler);
                }
            }
        }
        catch (Exception e)
        {
            Faulted(connection, e);
            throw;
        }
        finally
        {
            await connection.FreeAsync().ConfigureAwait(Systematic.KeepContext);
        }

        if (other is not null)
        {
            await other.ExecuteAsync(http).ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>For results that execute themselves, from <c>MapGet</c> and controllers.</summary>
    public async Task ExecuteAsync(HttpContext http, SseResult result)
    {
        if (HttpMethods.IsHead(http.Request.Method))
        {
            // There is no body to stream; the client takes the answer for ended, and would hold the slot without knowing.
            StreamHeaders.Set(http);
            return;
        }

        if (Admit(http, Settings(http), out var refused, out var retryAfterMs) is not { } connection)
        {
            await Refusal.WriteAsync(http, node, refused, retryAfterMs).ConfigureAwait(Systematic.KeepContext);
            return;
        }

        try
        {
            await StreamAsync(http, connection, result).ConfigureAwait(Systematic.KeepContext);
        }
        catch (Exception e)
        {
            Faulted(connection, e);
            throw;
        }
        finally
        {
            await connection.FreeAsync().ConfigureAwait(Systematic.KeepContext);
        }
    }

    /// <summary>What an endpoint without a name of its own is called.</summary>
    public static string Name(Endpoint? endpoint) => (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "unnamed";

    /// <summary>A handler with several kinds of results returns a union of them, which would execute the stream a second time from the door on.</summary>
    private static IResult? Innermost(IResult? result)
    {
        while (result is INestedHttpResult nested)
        {
            result = nested.Result;
        }

        return result;
    }

    private SseEndpointSettings Settings(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        var name = Name(endpoint);
        return endpoint?.Metadata.GetMetadata<SseEndpointMetadata>()?.Resolve(name, node.Options)
            ?? _defaults.GetOrAdd(name, static (n, manager) => SseEndpointSettings.Create(n, manager, new SseEndpointOptions()), node.Options);
    }

    private static string? AddressText(IPAddress? address, string network) =>
        address is null ? null : address.AddressFamily == AddressFamily.InterNetwork ? network : KeyResolver.Text(address);

    private SseConnection? Admit(HttpContext http, SseEndpointSettings settings, out string refused, out long retryAfterMs)
    {
        retryAfterMs = node.ReconnectHint();
        if (drain.IsDraining)
        {
            refused = RejectReasons.Draining;
            return null;
        }

        ForwardingHeaders.Check(http, node);

        // Not by way of the request's own view of its connection, which would be made for it and kept as long as the stream.
        var address = http.Features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
        var network = KeyResolver.Network(address);
        var key = node.Keys.Key(http, network);
        if (!node.Attempts.TryTake(key, node.Clock.Now, out var wait))
        {
            retryAfterMs = wait;
            refused = RejectReasons.Rate;
            return null;
        }

        var same = ReferenceEquals(key, network);
        if (node.Limiter.TryTake(ref key, network) is { } limit)
        {
            refused = limit;
            return null;
        }

        network = same ? key : network;

        refused = string.Empty;
        SseConnection connection;
        try
        {
            connection = new SseConnection(node, settings, key, network, AddressText(address, network), Callers.User(http));
        }
        catch
        {
            // Who is calling is the application's to say: until the connection exists, nobody else gives the slot back.
            node.Limiter.Release(key, network);
            throw;
        }

        Systematic.Interleave("sse.slot.taken");
        connection.Register();
        Systematic.Interleave("sse.registered");
        if (drain.IsDraining)
        {
            // It began between the look and the registration: this one must end as well.
            connection.TryClose(SseCloseReason.Shutdown);
        }

        return connection;
    }

    /// <summary>Runs the handler. Null: the client has been answered, or is gone.</summary>
    private async Task<IResult?> DecideAsync(HttpContext http, SseConnection connection, SseHandler handler)
    {
        var timeout = new CancellationTokenSource();
        using var link = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, timeout.Token);
        using (timeout)
        {
            connection.BeginConnecting(timeout);
            using var timer = node.Clock.Time.CreateTimer(
                static c => ((SseConnection)c!).TimeOutConnecting(), connection, node.Options.ConnectTimeout, Timeout.InfiniteTimeSpan);
            var outer = http.Features.Get<IServiceProvidersFeature>();
            var scope = scopes.CreateAsyncScope();
            try
            {
                await using (scope.ConfigureAwait(Systematic.KeepContext))
                {
                    // What the handler resolves by way of the request lives in this scope too, and not as long as the stream.
                    http.Features.Set<IServiceProvidersFeature>(new HandlerServices { RequestServices = scope.ServiceProvider });
                    return await handler(new SseConnectContext(http, connection), scope.ServiceProvider, link.Token).ConfigureAwait(Systematic.KeepContext)
                        ?? throw new InvalidOperationException($"The handler of {connection.Settings.Name} gave no result; return one of SseResults, or a result that refuses.");
                }
            }
            catch (OperationCanceledException) when (link.IsCancellationRequested)
            {
                var gone = http.RequestAborted.IsCancellationRequested;
                connection.TryClose(gone ? SseCloseReason.ClientClosed : SseCloseReason.Refused);
                return gone ? null : new RefusedResult(node, Reason(connection.CloseReason));
            }
            finally
            {
                http.Features.Set(outer);
                connection.EndConnecting();
            }
        }
    }

    /// <summary>Why a handler that obeyed its token was told to: what it was closed by, or its time was over.</summary>
    private static string Reason(SseCloseReason closed) => closed switch
    {
        SseCloseReason.Refused => RejectReasons.ConnectTimeout,
        SseCloseReason.Shutdown => RejectReasons.Draining,
        _ => RejectReasons.Handler,
    };

    private Task StreamAsync(HttpContext http, SseConnection connection, SseResult result)
    {
        foreach (var tag in result.Tags)
        {
            connection.Tag(tag);
        }

        if (node.Options.CloseAtTokenExpiry && http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc is { } expires)
        {
            connection.SetTokenExpiry(expires);
        }

        var source = result.CreateSource(node, connection, services);
        if (source is HubSource hub && result is SseSubscribeResult subscribe)
        {
            CountReplay(hub.Open(subscribe.Channels, LastEventIds.Read(http.Request), connection.Cursor.Position, node.Options.GapEventName));
        }
        else
        {
            connection.Cursor.Forgo();
        }

        StreamHeaders.Set(http);
        connection.MarkOpened();
        return connection.RunAsync(http, source);
    }

    private void CountReplay(ReplayStart start)
    {
        if (start.GapReason is { } reason)
        {
            node.Metrics.Gap(reason);
            node.Metrics.Replay("gap");
        }
        else if (start.Resumed)
        {
            node.Metrics.Replay("resumed");
        }
    }

    private void Faulted(SseConnection connection, Exception exception)
    {
        if (connection.TryClose(SseCloseReason.Faulted))
        {
            node.CountError(connection.State == SseConnectionState.Connecting ? ErrorKinds.Handler : ErrorKinds.Internal);
            SseLog.StreamFaulted(node.Logger, exception, connection.Id, connection.Settings.Name);
        }
    }

    private sealed class HandlerServices : IServiceProvidersFeature
    {
        public required IServiceProvider RequestServices { get; set; }
    }

    private sealed class RefusedResult(SseNode node, string reason) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Refusal.WriteAsync(httpContext, node, reason, node.ReconnectHint());
    }
}
