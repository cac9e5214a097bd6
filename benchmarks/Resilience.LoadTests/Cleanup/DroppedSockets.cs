using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Benchmarks;
using Resilience.Cleanup;

namespace Resilience.LoadTests.Cleanup;

/// <summary>Nine thousand sockets of a bare Kestrel handler, each with a scope, are dropped at once; new connections go on being accepted.</summary>
internal sealed class DroppedSockets : ILoadTest
{
    private const int Sockets = 9_000;

    public string Question => "9,000 connections are dropped at once: how long do new connections wait for their first answer meanwhile?";

    public async Task<LoadTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddCleanupDispatcher();
        builder.Services.AddSingleton(new RoomIndex(500));
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Any, 0, static listen => listen.UseConnectionHandler<Handler>()));
        await using var app = builder.Build();
        await app.StartAsync(cancellationToken);
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)).Port;
        var dispatcher = app.Services.GetRequiredService<CleanupDispatcher>();
        var idle = await ProbeAsync(port, 200, static () => false, cancellationToken);

        var index = app.Services.GetRequiredService<RoomIndex>();
        await UntilAllClosedAsync(dispatcher, index, cancellationToken);
        var before = dispatcher.Snapshot().Closed;
        var clients = new Socket[Sockets];
        for (var i = 0; i < Sockets; i++)
        {
            clients[i] = await ConnectAsync(port, IPAddress.Parse($"127.0.0.{2 + (i % 8)}"), cancellationToken);
        }

        var started = TimeProvider.System.GetTimestamp();
        var drop = Task.Run(() =>
        {
            foreach (var client in clients)
            {
                // A reset, as when a network goes away.
                client.LingerState = new LingerOption(true, 0);
                client.Dispose();
            }
        }, cancellationToken);
        var during = await ProbeAsync(port, 20, () => !drop.IsCompleted || dispatcher.Snapshot().Closed - before < Sockets, cancellationToken);
        await drop;
        var took = TimeProvider.System.GetElapsedTime(started);
        await UntilAllClosedAsync(dispatcher, index, cancellationToken);
        var snapshot = dispatcher.Snapshot();
        return new LoadTestResult(
            [
                new ResultRow("idle server, p99 of connect and first answer", idle, "ms", 1),
                new ResultRow("Resilience: during the drop, p99 of connect and first answer", during, "ms", during / idle),
                new ResultRow("Resilience: all scopes closed after", took.TotalMilliseconds, "ms"),
            ],
            $"Target: p99 below 100 ms during the drop. Client and server share one process and {Environment.ProcessorCount} processors. {snapshot.Closed:N0} scopes were closed, {snapshot.Inline:N0} of them on their callers, all that were opened; no member was left.");
    }

    /// <summary>The server sees the last probes end a moment after the client; then every connection that was ever accepted has been cleaned up.</summary>
    private static async Task UntilAllClosedAsync(CleanupDispatcher dispatcher, RoomIndex index, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (dispatcher.Snapshot().Closed < Handler.Opened || index.Members > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException($"{dispatcher.Snapshot().Closed:N0} of {Handler.Opened:N0} scopes were closed, {index.Members} members are left.");
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    private static async Task<double> ProbeAsync(int port, int atLeast, Func<bool> goesOn, CancellationToken cancellationToken)
    {
        var latencies = new List<double>();
        while (latencies.Count < atLeast || goesOn())
        {
            var started = TimeProvider.System.GetTimestamp();
            using var socket = await ConnectAsync(port, IPAddress.Parse("127.0.0.1"), cancellationToken);
            latencies.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }

        latencies.Sort();
        return latencies[(int)(latencies.Count * 0.99)];
    }

    private static async Task<Socket> ConnectAsync(int port, IPAddress from, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        await socket.ReceiveAsync(new byte[1], cancellationToken);
        return socket;
    }

    private sealed class Handler(CleanupDispatcher dispatcher, CleanupScopeFactory scopes, RoomIndex rooms) : ConnectionHandler
    {
        private static int _ids;

        public static int Opened => Volatile.Read(ref _ids);

        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            var id = Interlocked.Increment(ref _ids);
            var scope = scopes.Create();
            scope.Use(TimeProvider.System.CreateTimer(static _ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan));
            for (var channel = 0; channel < 5; channel++)
            {
                var room = (id + (channel * 7)) % 500;
                lock (rooms.GetLock(room))
                {
                    rooms.Join(room, id);
                }

                scope.RemoveFrom(rooms, room, id);
            }

            // No exception on the normal path: the end of the connection is a token, not a failed read.
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = connection.ConnectionClosed.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), ended);
            await connection.Transport.Output.WriteAsync(new byte[] { 1 });
            await ended.Task;
            dispatcher.Post(scope, CleanupReason.TransportError, CleanupSource.FromAddress((connection.RemoteEndPoint as IPEndPoint)?.Address));
        }
    }
}
