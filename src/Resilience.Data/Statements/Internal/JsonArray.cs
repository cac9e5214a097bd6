using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Resilience.Data;

/// <summary>Writes whole numbers and strings as a JSON array without reflection, for SQLite's <c>json_each</c>.</summary>
internal static class JsonArray
{
    public static string Of<T>(IEnumerable<T> values)
        where T : notnull
    {
        var json = new StringBuilder("[");
        foreach (var value in values)
        {
            if (json.Length > 1)
            {
                json.Append(',');
            }

            _ = value switch
            {
                long or int or short or byte or sbyte or ushort or uint => json.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
                string text => json.Append('"').Append(JavaScriptEncoder.Default.Encode(text)).Append('"'),
                _ => throw new ArgumentException($"A value of type {typeof(T).Name} has no form in SQLite's JSON; pass whole numbers or strings.", nameof(values)),
            };
        }

        return json.Append(']').ToString();
    }
}
