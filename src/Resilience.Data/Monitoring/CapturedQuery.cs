using System.Data.Common;

namespace Resilience.Data;

/// <summary>A command that ran in a capturing scope, with copies of its parameters. Immutable.</summary>
public sealed class CapturedQuery
{
    private readonly CapturedParameter[] _parameters;

    internal CapturedQuery(string text, string statement, CapturedParameter[] parameters)
    {
        Text = text;
        Statement = statement;
        _parameters = parameters;
    }

    /// <summary>Gets the command's text as it ran.</summary>
    public string Text { get; }

    /// <summary>Gets the statement's shape.</summary>
    public string Statement { get; }

    /// <summary>Adds the captured parameters to a command of the same provider, for example an EXPLAIN of <see cref="Text"/>.</summary>
    /// <param name="command">The command.</param>
    public void AddParametersTo(DbCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter.Create(command));
        }
    }

    /// <summary>Gives the shape: never a value.</summary>
    /// <returns>The shape.</returns>
    public override string ToString() => Statement;
}
