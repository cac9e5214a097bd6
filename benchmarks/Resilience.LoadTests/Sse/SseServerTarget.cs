using System.Globalization;
using Resilience.TestKit;

namespace Resilience.LoadTests.Sse;

/// <summary>One of the servers of <see cref="SseServer"/>; it publishes when it is told to over the pipe, and its memory is what the heap holds after a collection.</summary>
internal sealed class SseServerTarget(ChildProcess server, int port) : ISseTarget
{
    public int Port => port;

    public static async Task<SseServerTarget> StartAsync(params string[] arguments)
    {
        var server = await ChildProcess.StartAsync<SseServer>(arguments);
        return new SseServerTarget(server, int.Parse(await server.ReceiveAsync(), CultureInfo.InvariantCulture));
    }

    public Task PublishAsync(int count) => server.SendAsync($"publish {count}");

    /// <summary>Publishes one event to each of some channels, from a first one on, around the end of all.</summary>
    public Task SpreadAsync(int count, int first, int channels) => server.SendAsync($"spread {count} {first} {channels}");

    public async Task<double> CpuAsync() => await AskAsync("cpu");

    public async Task<long> MemoryAsync() => (long)await AskAsync("memory");

    /// <summary>Bytes that the server has allocated since its start.</summary>
    public async Task<double> AllocatedAsync() => await AskAsync("allocated");

    /// <summary>Methods that the server has compiled since its start, again for good included.</summary>
    public async Task<double> CompiledAsync() => await AskAsync("compiled");

    public async ValueTask DisposeAsync()
    {
        await server.KillAsync();
        await server.DisposeAsync();
    }

    private async Task<double> AskAsync(string what)
    {
        await server.SendAsync(what);
        return double.Parse(await server.ReceiveAsync(TimeSpan.FromSeconds(10)), CultureInfo.InvariantCulture);
    }
}
