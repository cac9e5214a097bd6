namespace Resilience.Storage.Internal;

/// <summary>Keys that no record can have are answered without asking the database.</summary>
internal static class RecordKeys
{
    public const int MaxLength = 512;

    public static bool IsPossible(string key)
    {
        if (key.Length is 0 or > MaxLength)
        {
            return false;
        }

        for (var i = 0; i < key.Length; i++)
        {
            if (key[i] == '\0' || (char.IsSurrogate(key[i]) && (i + 1 == key.Length || !char.IsSurrogatePair(key[i], key[++i]))))
            {
                return false;
            }
        }

        return true;
    }
}
