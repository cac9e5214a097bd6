using System.Collections;
using System.Globalization;

namespace Resilience.House.Tests.Docs;

/// <summary>Writes option values as the docs tables do.</summary>
internal static class OptionText
{
    public static string? Of(object? value) => value switch
    {
        null => "none",
        bool flag => flag ? "true" : "false",
        TimeSpan time => Of(time),
        string text => text.Length == 0 ? "empty" : text,
        Enum or Type => value.ToString(),
        int or long or double => Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && Math.Abs(number) >= 1e15
            ? number.ToString("R", CultureInfo.InvariantCulture)
            : number.ToString("#,0.####", CultureInfo.InvariantCulture),
        ICollection { Count: 0 } => "empty",
        // Objects without a text of their own (delegates, nested options, collections with content) are described in words.
        _ => value.GetType().GetMethod(nameof(ToString), Type.EmptyTypes)!.DeclaringType == value.GetType() ? value.ToString() : null,
    };

    private static string Of(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan)
        {
            return "infinite";
        }

        (string Unit, double Seconds)[] units = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1), ("ms", 0.001)];
        if (time == TimeSpan.Zero)
        {
            return "0 s";
        }

        // A day is written as hours: "24 h" says a period, "7 d" a date's distance.
        foreach (var (unit, seconds) in units)
        {
            var amount = time.TotalSeconds / seconds;
            var whole = Math.Abs(amount - Math.Round(amount)) < 1e-6 && amount >= 1;
            if (whole && !(unit == "d" && amount < 2))
            {
                return $"{Math.Round(amount).ToString("#,0", CultureInfo.InvariantCulture)} {unit}";
            }
        }

        return time.TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture) + " s";
    }
}
