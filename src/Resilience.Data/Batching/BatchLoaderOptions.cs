using Resilience.Shared;

namespace Resilience.Data;

/// <summary>Settings of a batch loader; see docs/data.md.</summary>
public sealed class BatchLoaderOptions
{
    /// <summary>Gets or sets the most keys of one query.</summary>
    /// <value>Default 1,024; 1 to 65,535.</value>
    [Bounds(1, 65_535)]
    public int MaxBatchSize { get; set; } = 1_024;

    /// <summary>Gets or sets how often a batch yields to let others join. It goes as soon as nobody joined during one yield; there is no timer.</summary>
    /// <value>Default 64; 1 to 10,000.</value>
    [Bounds(1, 10_000)]
    public int MaxYields { get; set; } = 64;

    /// <summary>Gets or sets how many keys may wait or be loaded at once in one loader; further ones fail at once.</summary>
    /// <value>Default 16,384; 1 to 1,000,000.</value>
    [Bounds(1, 1_000_000)]
    public int QueueLimit { get; set; } = 16_384;

    /// <summary>Gets or sets after how many single-key batches in a row the loader says that it is used sequentially.</summary>
    /// <value>Default 3; 2 to 1,000.</value>
    [Bounds(2, 1_000)]
    public int SequentialLimit { get; set; } = 3;

    /// <summary>Gets or sets which errors are laid to single keys, so that the batch is split to find them.</summary>
    /// <value>Default none: errors of the database's class 22 (data exceptions).</value>
    public Func<Exception, bool>? IsDataError { get; set; }
}
