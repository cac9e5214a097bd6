using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Messaging.Http;

/// <summary>A list: <see cref="Next"/> is the value for <c>after</c> of the next request, <see langword="null"/> at the end.</summary>
public sealed record ListOf<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>The position and size that every list takes.</summary>
internal readonly record struct Paging(long After, int Limit)
{
    internal const int MaxLimit = 200;
    internal const int DefaultLimit = 50;

    internal static bool TryParse(string? after, string? limit, out Paging paging, [NotNullWhen(false)] out IResult? problem)
    {
        long position = 0;
        var size = DefaultLimit;
        problem = null;
        if (after is { Length: > 0 } && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out position))
        {
            problem = Problems.Invalid("after", "must be the value of next of the page before, or 0.");
        }
        else if (limit is { Length: > 0 }
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxLimit))
        {
            problem = Problems.Invalid("limit", $"must be 1 to {MaxLimit}.");
        }

        paging = new Paging(position, size);
        return problem is null;
    }

    /// <summary>Makes a page of rows that were read with a limit one above the page's, which tells whether there is more.</summary>
    internal ListOf<TItem> Page<TRow, TItem>(IReadOnlyList<TRow> rows, Func<TRow, TItem> toItem, Func<TRow, long> position)
    {
        var more = rows.Count > Limit;
        var count = more ? Limit : rows.Count;
        var items = new TItem[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = toItem(rows[i]);
        }

        return new ListOf<TItem>(items, more ? Ids.Format(position(rows[count - 1])) : null);
    }
}
