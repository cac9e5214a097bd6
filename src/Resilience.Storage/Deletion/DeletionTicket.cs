using Resilience.Storage.Internal;

namespace Resilience.Storage;

/// <summary>A deletion that was written into the application's transaction. Safe for concurrent use.</summary>
public sealed class DeletionTicket
{
    private readonly DeletionEngine _engine;
    private readonly DeletionWork? _work;

    internal DeletionTicket(DeletionEngine engine, DeletionWork? work, DeletionStatus status, string? errorCode)
    {
        _engine = engine;
        _work = work;
        Status = status;
        ErrorCode = errorCode;
    }

    /// <summary>
    /// <see cref="DeletionStatus.Accepted"/> when the deletion is part of the transaction; else <see cref="DeletionStatus.InProgress"/> or
    /// <see cref="DeletionStatus.Refused"/>, and nothing was written: roll back, or leave the record.
    /// </summary>
    public DeletionStatus Status { get; }

    /// <summary>Why it is not part of the transaction; null when it is.</summary>
    public string? ErrorCode { get; }

    /// <summary>The deletion's id in journal and audit trail; empty when nothing was written.</summary>
    public Guid DeletionId => _work?.Id ?? Guid.Empty;

    /// <summary>Deletes the file now. Call it after the commit; without the call, recovery does it.</summary>
    /// <param name="cancellationToken">Ends the wait; the deletion goes on.</param>
    /// <returns><see cref="DeletionStatus.NotCommitted"/> when the transaction was rolled back, or is still open.</returns>
    public Task<DeletionResult> ExecuteAsync(CancellationToken cancellationToken = default) => _work is null
        ? Task.FromResult(new DeletionResult(Status, 0, Guid.Empty, ErrorCode))
        : _engine.ExecuteEnlistedAsync(_work, cancellationToken);
}
