namespace Resilience.Data.Tests.Support;

/// <summary>A shared level that can be down, deaf to messages, or damage what it gives.</summary>
internal sealed class FaultyStore(ISharedCacheStore inner) : ISharedCacheStore
{
    private int _released;

    public bool IsDown { get; set; }

    public bool DropsMessages { get; set; }

    public Func<byte[], byte[]> Damage { get; set; } = static p => p;

    public Action<SharedInvalidation> Handler { get; private set; } = static _ => { };

    public int Reads { get; private set; }

    public int Writes { get; private set; }

    public int Released => Volatile.Read(ref _released);

    public async ValueTask<IReadOnlyList<SharedResult>> ReadManyAsync(IReadOnlyList<SharedRead> reads, CancellationToken cancellationToken)
    {
        Check();
        Reads++;
        var results = await inner.ReadManyAsync(reads, cancellationToken);
        return [.. results.Select(r => r.Payload is null ? r : r with { Payload = Damage([.. r.Payload]) })];
    }

    public ValueTask<IReadOnlyList<bool>> WriteManyAsync(IReadOnlyList<SharedWrite> writes, CancellationToken cancellationToken)
    {
        Check();
        Writes++;
        return inner.WriteManyAsync(writes, cancellationToken);
    }

    public ValueTask BeginWriteAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string writer, CancellationToken cancellationToken)
    {
        Check();
        return inner.BeginWriteAsync(keys, tags, writer, cancellationToken);
    }

    public ValueTask InvalidateAsync(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags, string? writer, CancellationToken cancellationToken)
    {
        Check();
        return inner.InvalidateAsync(keys, tags, writer, cancellationToken);
    }

    public ValueTask ReleaseAsync(IReadOnlyList<SharedToken> tokens, CancellationToken cancellationToken)
    {
        Check();
        Interlocked.Add(ref _released, tokens.Count);
        return inner.ReleaseAsync(tokens, cancellationToken);
    }

    public IDisposable Subscribe(Action<SharedInvalidation> handler)
    {
        Handler = handler;
        return inner.Subscribe(message =>
        {
            if (!DropsMessages)
            {
                handler(message);
            }
        });
    }

    private void Check()
    {
        if (IsDown)
        {
            throw new TimeoutException("The store is down.");
        }
    }
}
