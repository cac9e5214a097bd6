using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Resilience.Shared;

/// <summary>Bounds of a numeric option, both inclusive, with a message that names the value and the cure.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BoundsAttribute(double minimum, double maximum) : ValidationAttribute
{
    public double Minimum { get; } = minimum;

    public double Maximum { get; } = maximum;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null)
        {
            return ValidationResult.Success;
        }

        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        if (number >= Minimum && number <= Maximum)
        {
            return ValidationResult.Success;
        }

        var name = validationContext.DisplayName;
        return new ValidationResult(
            string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; set it between {Minimum:0.###} and {Maximum:0.###}."),
            [validationContext.MemberName ?? name]);
    }
}
