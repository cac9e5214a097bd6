using System.Collections;
using System.Data.Common;

namespace Resilience.Data;

/// <summary>
/// Tells parameter values apart without keeping them: 64 bits, made with the process's random string hash and the scope's own salt, gone with the scope.
/// </summary>
internal static class ParameterHash
{
    private const int MaxElements = 64;

    public static long Of(DbParameterCollection? parameters, int salt)
    {
        var low = salt;
        var high = ~salt;
        for (var i = 0; i < (parameters?.Count ?? 0); i++)
        {
            var hash = Of(parameters![i].Value);
            low = HashCode.Combine(low, hash);
            high = HashCode.Combine(hash, high, i);
        }

        return ((long)high << 32) | (uint)low;
    }

    private static int Of(object? value)
    {
        if (value is string || value is not IEnumerable elements)
        {
            return value?.GetHashCode() ?? 0;
        }

        var hash = new HashCode();
        var count = 0;
        foreach (var element in elements)
        {
            if (count++ < MaxElements)
            {
                hash.Add(element);
            }
        }

        hash.Add(count);
        return hash.ToHashCode();
    }
}
