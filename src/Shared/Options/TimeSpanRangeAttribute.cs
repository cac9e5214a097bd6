using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Resilience.Shared;

/// <summary>
/// Bounds of a <see cref="TimeSpan"/> option, both inclusive. The framework's range attribute is not safe for trimming with this type.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TimeSpanRangeAttribute(string minimum, string maximum) : ValidationAttribute
{
    public TimeSpan Minimum { get; } = TimeSpan.Parse(minimum, CultureInfo.InvariantCulture);

    public TimeSpan Maximum { get; } = TimeSpan.Parse(maximum, CultureInfo.InvariantCulture);

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null || (value is TimeSpan time && time >= Minimum && time <= Maximum))
        {
            return ValidationResult.Success;
        }

        var name = validationContext.DisplayName;
        return new ValidationResult(
            string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; set it between {Minimum} and {Maximum}."),
            [validationContext.MemberName ?? name]);
    }
}
