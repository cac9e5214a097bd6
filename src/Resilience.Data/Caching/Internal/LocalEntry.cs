namespace Resilience.Data;

/// <summary>An entry of this node. Immutable but for the mark of use.</summary>
internal abstract class LocalEntry(string key, string[] tags, LoadMoment began, long ends)
{
    private bool _used;

    public string Key => key;

    public string[] Tags => tags;

    public LoadMoment Began => began;

    public long Ends => ends;

    public void Use()
    {
        // Read first: a shared line that is only read stays in every core's cache.
        if (!_used)
        {
            _used = true;
        }
    }

    /// <summary>Gives back the mark: used since it was last asked.</summary>
    public bool TakeUse()
    {
        var used = _used;
        _used = false;
        return used;
    }
}

/// <summary>An entry with its value, or with the bytes from which each caller's copy is made.</summary>
internal sealed class LocalEntry<T>(string key, string[] tags, LoadMoment began, long ends, Cached<T> cached) : LocalEntry(key, tags, began, ends)
{
    public Cached<T> Cached => cached;
}
