using System.Data.Common;
using Resilience.Shared;

namespace Resilience.Data;

/// <summary>A number of rows that a statement must find (or must not), and the outcome when it does not hold.</summary>
internal sealed record GuardNeed(int MinimumRows, GuardOutcome Otherwise, bool Forbidden = false);

/// <summary>A statement of the lock phase; its n-th column answers the need with the n-th number (non-zero: this row meets it).</summary>
internal sealed record GuardStatement(Sql Text, int[] Needs);

/// <summary>The lock phase of a plan: all statements go to the server in one round trip.</summary>
internal sealed class CompiledGuard(IReadOnlyList<GuardStatement> statements, IReadOnlyList<GuardNeed> needs)
{
    /// <summary>The statements as one text, or null when there is nothing to lock.</summary>
    public Sql? Text(Sql prefix)
    {
        var text = prefix;
        foreach (var statement in statements)
        {
            text = text.Append(statement.Text).Append(Sql.Of($";"));
        }

        return text.Segments.IsEmpty ? null : text;
    }

    /// <summary>Runs the lock phase and says what is missing: a denial before a missing target, so that existence is not told to those without the right.</summary>
    public async ValueTask<GuardOutcome?> RunAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var found = new int[needs.Count];
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
        await using (reader.ConfigureAwait(Systematic.KeepContext))
        {
            for (var i = 0; i < statements.Count; i++)
            {
                if (i > 0)
                {
                    await reader.NextResultAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext);
                }

                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext))
                {
                    Count(reader, statements[i].Needs, found);
                }
            }
        }

        return Verdict(found);
    }

    private static void Count(DbDataReader reader, int[] needs, int[] found)
    {
        if (needs.Length == 1)
        {
            found[needs[0]]++;
            return;
        }

        for (var column = 0; column < needs.Length; column++)
        {
            found[needs[column]] += reader.GetInt32(column);
        }
    }

    private GuardOutcome? Verdict(int[] found)
    {
        GuardOutcome? verdict = null;
        for (var i = 0; i < found.Length; i++)
        {
            var holds = needs[i].Forbidden ? found[i] == 0 : found[i] >= needs[i].MinimumRows;
            if (!holds && verdict is not GuardOutcome.Denied)
            {
                verdict = needs[i].Otherwise;
            }
        }

        return verdict;
    }
}
