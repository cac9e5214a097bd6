using System.ComponentModel;
using System.Globalization;

namespace Resilience.Cleanup;

/// <summary>How many workers a dispatcher has: <see cref="Auto"/>, or a number. Binds from configuration as <c>Auto</c> or an integer. Immutable.</summary>
[TypeConverter(typeof(WorkerCountConverter))]
public readonly record struct WorkerCount
{
    /// <summary>The most workers that may be asked for.</summary>
    public const int Maximum = 1024;

    private readonly int _number;

    private WorkerCount(int number) => _number = number;

    /// <summary>Half the processors, at least 1 and at most 8. The default, and the recommendation: cleanup competes with serving.</summary>
    public static WorkerCount Auto => default;

    /// <summary>The number of workers on this machine.</summary>
    public int Value => _number > 0 ? _number : Math.Clamp(Environment.ProcessorCount / 2, 1, 8);

    /// <summary>A fixed number.</summary>
    /// <param name="number">1 to 1,024.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside these limits.</exception>
    public static implicit operator WorkerCount(int number) => FromInt32(number);

    /// <summary>A fixed number.</summary>
    /// <param name="number">1 to 1,024.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside these limits.</exception>
    public static WorkerCount FromInt32(int number) =>
        number is >= 1 and <= Maximum
            ? new WorkerCount(number)
            : throw new ArgumentOutOfRangeException(nameof(number), number, $"Workers is {number}; set it to Auto or to an integer from 1 to {Maximum}.");

    /// <summary>Reads <c>Auto</c> (in any case) or an integer.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">The text is neither; the message names it and the cure.</exception>
    public static WorkerCount Parse(string? text)
    {
        var trimmed = text?.Trim();
        if (string.Equals(trimmed, nameof(Auto), StringComparison.OrdinalIgnoreCase))
        {
            return Auto;
        }

        return int.TryParse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Maximum
            ? new WorkerCount(number)
            : throw new FormatException($"Workers is '{text}'; set it to Auto or to an integer from 1 to {Maximum}.");
    }

    /// <inheritdoc />
    public override string ToString() => _number > 0 ? _number.ToString(CultureInfo.InvariantCulture) : nameof(Auto);
}

/// <summary>Lets configuration bind a <see cref="WorkerCount"/>.</summary>
internal sealed class WorkerCountConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text ? WorkerCount.Parse(text) : base.ConvertFrom(context, culture, value);
}
