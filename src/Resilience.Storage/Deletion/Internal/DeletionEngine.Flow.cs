namespace Resilience.Storage.Internal;

/// <content>The steps of one deletion.</content>
internal sealed partial class DeletionEngine
{
    private async Task<DeletionResult> RunAsync(DeletionWork work, CancellationToken cancellationToken)
    {
        var asked = work.Key;
        if (records.Canonical(asked) is not { } key)
        {
            // No record can have this key; the trail still gets its row.
            await loop.SubmitAsync(work, WorkStage.NoteMissing).ConfigureAwait(Systematic.KeepContext);
            return new(DeletionStatus.NotFound, 0, work.Id, null);
        }

        work.Key = key;
        var outcome = await loop.SubmitAsync(work, WorkStage.Request).ConfigureAwait(Systematic.KeepContext);
        for (var judged = 0; outcome.Kind is StepKind.Requested or StepKind.Rejudge; judged++)
        {
            if (judged == MaxJudgements)
            {
                return await BusyAsync(work, "record_changing").ConfigureAwait(Systematic.KeepContext);
            }

            try
            {
                work.Judgement = judge.IsNeededHere
                    ? await judge.JudgeAsync(key, work.Who, cancellationToken).ConfigureAwait(Systematic.KeepContext)
                    : null;
            }
            catch (TimeoutException)
            {
                return await BusyAsync(work, "authorizer_timeout").ConfigureAwait(Systematic.KeepContext);
            }

            outcome = await loop.SubmitAsync(work, WorkStage.Begin).ConfigureAwait(Systematic.KeepContext);
        }

        return outcome.Kind switch
        {
            StepKind.Begun => await CarryAsync(work).ConfigureAwait(Systematic.KeepContext),
            StepKind.Locked => await LockedAsync(work, cancellationToken).ConfigureAwait(Systematic.KeepContext),
            _ => outcome.Result,
        };
    }

    private async Task<DeletionResult> LockedAsync(DeletionWork work, CancellationToken cancellationToken)
    {
        var result = await BusyAsync(work, "record_locked").ConfigureAwait(Systematic.KeepContext);
        return await judge.MayKnowAsync(work, cancellationToken).ConfigureAwait(Systematic.KeepContext)
            ? result
            : new(DeletionStatus.NotFound, 0, work.Id, null);
    }

    private async Task<DeletionResult> BusyAsync(DeletionWork work, string error)
    {
        work.Outcome = default;
        await loop.SubmitAsync(new DeletionWork(work.Id, work.Key, work.Who) { NoteError = error }, WorkStage.NoteBusy).ConfigureAwait(Systematic.KeepContext);
        return new(DeletionStatus.Busy, 0, work.Id, error);
    }

    /// <summary>From the commit on: nothing that happens here can lose the deletion, so nothing here is thrown at the caller.</summary>
    private async Task<DeletionResult> CarryAsync(DeletionWork work)
    {
        var accepted = new DeletionResult(DeletionStatus.Accepted, work.Entry!.Attempts, work.Id, null);
        string error;
        try
        {
            if (work.Entry.State == JournalState.Stuck)
            {
                return await TryOnceAsync(work).ConfigureAwait(Systematic.KeepContext);
            }

            return await _retries.ExecuteAsync(
                static async (state, _) => await state.Engine.TryOnceAsync(state.Work).ConfigureAwait(Systematic.KeepContext),
                (Engine: this, Work: work),
                _stopping.Token).ConfigureAwait(Systematic.KeepContext);
        }
        catch (FileAttemptException exception)
        {
            error = exception.ErrorCode;
        }
        catch (Exception exception)
        {
            LeftToRecovery(work, exception);
            return accepted;
        }

        try
        {
            var outcome = await restore.RunAsync(work, error, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
            if (outcome.Kind == StepKind.Lost)
            {
                return await LookUpAsync(work).ConfigureAwait(Systematic.KeepContext);
            }

            if (outcome.Result.Status is DeletionStatus.Failed)
            {
                StorageLog.Failed(logger, work.Id, error);
            }
            else if (outcome.Result.Status is DeletionStatus.Stuck && work.Entry.State != JournalState.Stuck)
            {
                StorageLog.Stuck(logger, work.Id, error);
            }

            return outcome.Result;
        }
        catch (Exception exception)
        {
            LeftToRecovery(work, exception);
            return accepted;
        }
    }

    private void LeftToRecovery(DeletionWork work, Exception exception)
    {
        if (!_stopping.IsCancellationRequested)
        {
            StorageLog.LeftToRecovery(logger, work.Id, exception);
        }
    }

    private async Task<DeletionResult> TryOnceAsync(DeletionWork work)
    {
        var outcome = await loop.SubmitAsync(work, WorkStage.Finish).ConfigureAwait(Systematic.KeepContext);
        switch (outcome.Kind)
        {
            case StepKind.AttemptFailed:
                metrics.AttemptFailed();
                throw (FileAttemptException)outcome.Exception!;
            case StepKind.Lost:
                return await LookUpAsync(work).ConfigureAwait(Systematic.KeepContext);
            case StepKind.RecordRefused:
                return await RefusedAsync(work, (RecordRefusedException)outcome.Exception!).ConfigureAwait(Systematic.KeepContext);
            case StepKind.Locked:
                // The application holds the row; it goes with the next recovery.
                return new(DeletionStatus.Accepted, work.Entry!.Attempts, work.Id, "record_locked");
            default:
                return outcome.Result;
        }
    }

    /// <summary>Not a failure of the file: no waiting and no return of the record, whose file is gone. An operator must look.</summary>
    private async Task<DeletionResult> RefusedAsync(DeletionWork work, RecordRefusedException exception)
    {
        var outcome = await restore.RefuseAsync(work, exception.Code, CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        if (outcome.Kind == StepKind.Lost)
        {
            return await LookUpAsync(work).ConfigureAwait(Systematic.KeepContext);
        }

        if (work.Entry!.State != JournalState.Stuck)
        {
            StorageLog.RecordRefused(logger, work.Id, exception.Code, exception.InnerException!);
        }

        return outcome.Result;
    }

    /// <summary>Another process has carried it on, or the transaction that it was enlisted in is not committed: the database says which.</summary>
    private async Task<DeletionResult> LookUpAsync(DeletionWork work)
    {
        var session = await database.OpenAsync(CancellationToken.None).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var outcome = await session.QueryAsync(
                "audit_outcome",
                static r => (Result: r.GetString(0), Attempt: r.GetInt32(1), Error: r.IsDBNull(2) ? null : r.GetString(2)),
                CancellationToken.None,
                ("@request", work.IdText)).ConfigureAwait(Systematic.KeepContext);
            if (outcome.Count > 0)
            {
                return new(Enum.Parse<DeletionStatus>(outcome[0].Result), outcome[0].Attempt, work.Id, outcome[0].Error);
            }

            var present = await session.QueryAsync("journal_state", static r => r.GetInt32(0), CancellationToken.None, ("@id", work.IdText))
                .ConfigureAwait(Systematic.KeepContext);
            return new(present.Count > 0 ? DeletionStatus.Accepted : DeletionStatus.NotCommitted, 0, work.Id, null);
        }
    }
}
