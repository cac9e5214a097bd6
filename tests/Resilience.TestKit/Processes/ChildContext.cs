using System.Threading.Channels;
using Resilience.TestKit.Processes.Internal;

namespace Resilience.TestKit;

/// <summary>The child's end of the line between a test and its child process. Thread-safe.</summary>
public sealed class ChildContext
{
    private readonly Channel<string> _received = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly TextWriter _output;

    internal ChildContext(IReadOnlyList<string> arguments, TextWriter output)
    {
        Arguments = arguments;
        _output = output;
    }

    /// <summary>What the test passed to <see cref="ChildProcess.StartAsync{TScenario}(string[])"/>.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Cancelled when the test asks the child to stop.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Tells the test something. When this returns, the text is with the kernel: a kill that follows cannot take it back.</summary>
    /// <param name="message">Any text.</param>
    public void Send(string message)
    {
        lock (_gate)
        {
            _output.WriteLine(ChildProtocol.Message(message));
            _output.Flush();
        }
    }

    /// <summary>The next message of the test.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<string> ReceiveAsync(CancellationToken cancellationToken = default) => _received.Reader.ReadAsync(cancellationToken);

    /// <summary>Reads what the parent writes until it closes the line or dies.</summary>
    internal async Task ListenAsync(TextReader input)
    {
        while (await input.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (ChildProtocol.TryMessage(line) is { } message)
            {
                _received.Writer.TryWrite(message);
            }
            else if (line == ChildProtocol.Stop)
            {
                await _stopping.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
