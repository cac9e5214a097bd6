using System.Data.Common;

namespace Resilience.Data;

/// <summary>A copy of a parameter: the provider's own where it can be cloned, else its name and value.</summary>
internal sealed record CapturedParameter(ICloneable? Original, string Name, object? Value)
{
    public static CapturedParameter[] Of(DbParameterCollection parameters)
    {
        var copies = new CapturedParameter[parameters.Count];
        for (var i = 0; i < copies.Length; i++)
        {
            var parameter = parameters[i];
            copies[i] = new CapturedParameter((parameter as ICloneable)?.Clone() as ICloneable, parameter.ParameterName, parameter.Value);
        }

        return copies;
    }

    public DbParameter Create(DbCommand command)
    {
        if (Original?.Clone() is DbParameter clone)
        {
            return clone;
        }

        var parameter = command.CreateParameter();
        parameter.ParameterName = Name;
        parameter.Value = Value;
        return parameter;
    }
}
