using System.Globalization;

namespace Resilience.Storage.Internal;

/// <summary>
/// Pairs folder and database: both hold the same random mark, and a number that only grows. A folder that is not mounted, another database's folder, and a database
/// restored from a backup are told from the real thing by that. Safe for concurrent use.
/// </summary>
internal sealed class RootGuard(StorageDatabase database, IDeletableStore store, FileDeletionOptions options, TimeProvider time)
{
    private readonly IRootMarkerStore? _markers = store as IRootMarkerStore;

    /// <summary>Marks database and folder on the first start, and says whether they belong together.</summary>
    public async Task<RootState> PairAsync(CancellationToken cancellationToken)
    {
        if (_markers is null)
        {
            await RegisterAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
            return RootState.Unmarked;
        }

        if (await GetAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) is null)
        {
            if (await _markers.ReadMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) is not null)
            {
                return RootState.Foreign;
            }

            await RegisterAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        // The database's row came first and is not ready until the folder has the marker, so a crash between the two is carried on here.
        var row = (await GetAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))!.Value;
        if (!row.Ready)
        {
            if (await _markers.ReadMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) is null)
            {
                await _markers.WriteMarkerAsync(Format(row.Marker, row.Generation), cancellationToken).ConfigureAwait(Systematic.KeepContext);
            }

            await ExecuteAsync("root_ready", cancellationToken, ("@root", options.RootName), ("@marker", row.Marker)).ConfigureAwait(Systematic.KeepContext);
        }

        return await CheckAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>Whether folder and database belong together now.</summary>
    public async Task<RootState> CheckAsync(CancellationToken cancellationToken)
    {
        if (_markers is null)
        {
            return RootState.Unmarked;
        }

        var text = await _markers.ReadMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (text is null)
        {
            return RootState.MarkerMissing;
        }

        var row = await GetAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var (marker, generation) = Parse(text);
        if (row is null || row.Value.Marker != marker)
        {
            return RootState.Foreign;
        }

        return generation > row.Value.Generation ? RootState.OlderDatabase : RootState.Paired;
    }

    /// <summary>Moves the number on, in the database first. A database restored from before this is told by it. Nothing happens unless they belong together.</summary>
    public async Task<RootState> AdvanceAsync(CancellationToken cancellationToken)
    {
        var state = await CheckAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        if (state != RootState.Paired)
        {
            return state;
        }

        long generation = 0;
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            generation = (await session.QueryAsync("root_advance", static r => r.GetInt64(0), cancellationToken, ("@root", options.RootName))
                .ConfigureAwait(Systematic.KeepContext))[0];
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }

        var row = (await GetAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))!.Value;
        await _markers!.WriteMarkerAsync(Format(row.Marker, generation), cancellationToken).ConfigureAwait(Systematic.KeepContext);
        return state;
    }

    /// <summary>Declares that they belong together, on an operator's word.</summary>
    public async Task AcceptAsync(CancellationToken cancellationToken)
    {
        if (_markers is null)
        {
            return;
        }

        await RegisterAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var row = (await GetAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))!.Value;
        var text = await _markers.ReadMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        var (marker, generation) = text is null ? (row.Marker, row.Generation) : Parse(text);
        generation = Math.Max(generation, row.Generation) + 1;
        await ExecuteAsync("root_accept", cancellationToken, ("@root", options.RootName), ("@marker", marker), ("@generation", generation))
            .ConfigureAwait(Systematic.KeepContext);
        await _markers.WriteMarkerAsync(Format(marker, generation), cancellationToken).ConfigureAwait(Systematic.KeepContext);
    }

    /// <summary>A file that is missing proves nothing unless the folder is the right one.</summary>
    /// <exception cref="IOException">The folder is not mounted, was replaced, or is another database's.</exception>
    public async ValueTask RequireMarkerAsync(CancellationToken cancellationToken)
    {
        if (_markers is not null && await _markers.ReadMarkerAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) is null)
        {
            throw Refusal(RootState.MarkerMissing);
        }
    }

    public IOException Refusal(RootState state) => new(state switch
    {
        RootState.MarkerMissing =>
            $"The root {options.RootName} ({options.RootPath}) has no marker file {OwnNames.Marker}, although the database has one on record. Is it mounted? If it was emptied on purpose, call IOrphanSweeper.AcceptRootAsync.",
        RootState.Foreign =>
            $"The root {options.RootName} ({options.RootPath}) belongs to another database. Correct RootPath or the connection; if they do belong together, call IOrphanSweeper.AcceptRootAsync.",
        _ => $"The root {options.RootName} is in the state {state}.",
    });

    private static string Format(string marker, long generation) => string.Create(CultureInfo.InvariantCulture, $"{marker} {generation}");

    private static (string Marker, long Generation) Parse(string text)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        return end > 0 && long.TryParse(text.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            ? (text[..end], generation)
            : (text, 0);
    }

    private Task RegisterAsync(CancellationToken cancellationToken) => ExecuteAsync(
        "root_insert", cancellationToken, ("@root", options.RootName), ("@marker", Guid.CreateVersion7(time.GetUtcNow()).ToString("N")));

    private async Task<(string Marker, long Generation, bool Ready)?> GetAsync(CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            var rows = await session.QueryAsync(
                "root_get",
                static r => (r.GetString(0), r.GetInt64(1), r.GetInt32(2) != 0),
                cancellationToken,
                ("@root", options.RootName)).ConfigureAwait(Systematic.KeepContext);
            return rows.Count == 0 ? null : rows[0];
        }
    }

    private async Task ExecuteAsync(string name, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var session = await database.BeginAsync(options.LockTimeout, cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (session.ConfigureAwait(Systematic.KeepContext))
        {
            await session.ExecuteAsync(name, cancellationToken, parameters).ConfigureAwait(Systematic.KeepContext);
            await session.CommitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        }
    }
}
