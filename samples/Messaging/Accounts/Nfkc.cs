using System.Globalization;
using System.Reflection;
using System.Text;

namespace Messaging.Accounts;

/// <summary>
/// The normal form NFKC: forms of the same characters become one. The framework's own needs ICU, which this program does without, and leaves text as it is there.
/// The tables are those of <c>nfkc.txt</c>; Hangul is arithmetic. Thread-safe.
/// </summary>
internal static class Nfkc
{
    private const int Lead = 0x1100;
    private const int Vowel = 0x1161;
    private const int Tail = 0x11A7;
    private const int Syllable = 0xAC00;
    private const int Vowels = 21;
    private const int Tails = 28;
    private const int Syllables = 19 * Vowels * Tails;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    internal static string Normalize(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var characters = Decompose(text);
        Order(characters);
        var normal = new StringBuilder(text.Length);
        foreach (var character in Compose(characters))
        {
            normal.Append(char.ConvertFromUtf32(character));
        }

        return normal.ToString();
    }

    private static List<int> Decompose(string text)
    {
        var characters = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var index = rune.Value - Syllable;
            if (index is >= 0 and < Syllables)
            {
                characters.AddRange([Lead + (index / (Vowels * Tails)), Vowel + (index % (Vowels * Tails) / Tails)]);
                if (index % Tails > 0)
                {
                    characters.Add(Tail + (index % Tails));
                }
            }
            else if (Data.Value.Decompositions.TryGetValue(rune.Value, out var parts))
            {
                characters.AddRange(parts);
            }
            else
            {
                characters.Add(rune.Value);
            }
        }

        return characters;
    }

    /// <summary>Marks on one character in the order of their classes; marks of one class keep theirs.</summary>
    private static void Order(List<int> characters)
    {
        for (var i = 1; i < characters.Count; i++)
        {
            var rank = Class(characters[i]);
            for (var at = i; rank > 0 && at > 0 && Class(characters[at - 1]) > rank; at--)
            {
                (characters[at - 1], characters[at]) = (characters[at], characters[at - 1]);
            }
        }
    }

    private static List<int> Compose(List<int> characters)
    {
        var composed = new List<int>(characters.Count);
        var starter = -1;
        var last = -1;
        foreach (var character in characters)
        {
            var rank = Class(character);
            if (starter >= 0 && last < rank && Composition(composed[starter], character) is { } one)
            {
                composed[starter] = one;
                continue;
            }

            composed.Add(character);
            (starter, last) = rank == 0 ? (composed.Count - 1, -1) : (starter, rank);
        }

        return composed;
    }

    private static int? Composition(int first, int second)
    {
        if (Data.Value.Compositions.TryGetValue((first, second), out var one))
        {
            return one;
        }

        if (first is >= Lead and < Lead + 19 && second is >= Vowel and < Vowel + Vowels)
        {
            return Syllable + ((((first - Lead) * Vowels) + second - Vowel) * Tails);
        }

        return first is >= Syllable and < Syllable + Syllables && (first - Syllable) % Tails == 0 && second is > Tail and < Tail + Tails ? first + second - Tail : null;
    }

    private static int Class(int character) => Data.Value.Classes.GetValueOrDefault(character);

    private sealed record Tables(Dictionary<int, int[]> Decompositions, Dictionary<int, int> Classes, Dictionary<(int First, int Second), int> Compositions)
    {
        internal static Tables Load()
        {
            var tables = new Tables([], [], []);
            using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Accounts/nfkc.txt")!);
            while (reader.ReadLine() is { } line)
            {
                foreach (var entry in line[0] == '#' ? [] : line[2..].Split(' '))
                {
                    tables.Add(line[0], entry.Split('='));
                }
            }

            return tables;
        }

        private void Add(char table, string[] entry)
        {
            var character = Number(entry[0]);
            int[] values = [.. entry[1].Split('+').Select(Number)];
            switch (table)
            {
                case 'D':
                    Decompositions.Add(character, values);
                    break;
                case 'C':
                    Classes.Add(character, values[0]);
                    break;
                default:
                    Compositions.Add((values[0], values[1]), character);
                    break;
            }
        }

        private static int Number(string hex) => int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
