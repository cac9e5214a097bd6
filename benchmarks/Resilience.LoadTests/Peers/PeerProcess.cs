using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Resilience.TestKit;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.LoadTests.Peers;

/// <summary>
/// A server of another ecosystem, started from its prepared folder (see <c>benchmarks/peers/README.md</c>); it ends with this process. Its processor time and memory
/// are those of the process and its children. Thread-safe.
/// </summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private const double MicrosecondsPerTick = 10_000;

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private ManagedProcess _process = null!;

    private PeerProcess()
    {
    }

    /// <summary>The prepared folder of a peer.</summary>
    /// <exception cref="InvalidOperationException">Nothing was prepared.</exception>
    public static string Folder(string peer) => Path.Combine(
        Environment.GetEnvironmentVariable("RESILIENCE_PEERS") ?? throw new InvalidOperationException("RESILIENCE_PEERS is not set; run ./bench.sh peers."),
        peer);

    /// <summary>Starts a program in the peer's folder.</summary>
    public static async Task<PeerProcess> StartAsync(string peer, string program, params IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(Binary.Find(program, program)) { WorkingDirectory = Folder(peer) };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        var started = new PeerProcess();
        started._process = await ManagedProcess.StartAsync(info, onLine: line => started._lines.Writer.TryWrite(line));
        return started;
    }

    public int Id => _process.Id;

    /// <summary>The last lines that it wrote, for failure texts.</summary>
    public string Output => _process.Tail;

    /// <summary>The next line of its standard output.</summary>
    public Task<string> ReceiveAsync(TimeSpan? expected = null) => _lines.Reader.ReadAsync().AsTask().Within(expected ?? TimeSpan.FromSeconds(6));

    /// <summary>Writes a line to its standard input.</summary>
    public async Task SendAsync(string line)
    {
        await _process.Input.WriteLineAsync(line);
        await _process.Input.FlushAsync();
    }

    /// <summary>Processor time of a process and its children, in microseconds; the grain is 10 ms.</summary>
    public static double CpuMicroseconds(int id) => Posix.Tree(id).Sum(static pid =>
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) * MicrosecondsPerTick;
    });

    /// <summary>Resident memory of a process and its children in bytes.</summary>
    public static long ResidentBytes(int id) => Posix.Tree(id).Sum(static pid =>
        long.Parse(File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
