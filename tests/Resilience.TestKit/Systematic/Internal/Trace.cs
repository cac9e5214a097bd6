using System.Globalization;
using System.Text;

namespace Resilience.TestKit.Systematic.Internal;

/// <summary>What happened in one schedule, kept as cheaply as possible; the text is made only for a failure.</summary>
internal sealed class Trace
{
    private const int Shown = 160;

    private readonly List<(string Task, string What)> _entries = new(256);
    private ulong _hash;

    /// <summary>Two schedules with the same hash took the same steps in the same order.</summary>
    public ulong Hash => _hash;

    public void Clear()
    {
        _entries.Clear();
        _hash = 0xCBF29CE484222325;
    }

    public void Add(LogicalTask task, string what)
    {
        _entries.Add((task.Name, what));
        _hash = (_hash ^ (uint)task.Id) * 0x100000001B3;
        _hash = (_hash ^ (uint)what.Length) * 0x100000001B3;
    }

    public string Format()
    {
        var entries = _entries.ToArray();
        var text = new StringBuilder();
        var from = Math.Max(0, entries.Length - Shown);
        if (from > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  ... {from} earlier steps").AppendLine();
        }

        for (var i = from; i < entries.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {i,5}  {entries[i].Task,-16} {entries[i].What}").AppendLine();
        }

        return text.ToString();
    }
}
