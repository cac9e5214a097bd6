using System.Reflection;

namespace Resilience.House.Tests.Api;

/// <summary>Names of types as a C# reader writes them.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static string Of(ParameterInfo parameter) => WithNullability(new NullabilityInfoContext().Create(parameter));

    public static string Of(PropertyInfo property) => WithNullability(new NullabilityInfoContext().Create(property));

    public static string Of(FieldInfo field) => WithNullability(new NullabilityInfoContext().Create(field));

    public static string Full(Type type)
    {
        if (type.IsByRef || type.IsPointer)
        {
            return Full(type.GetElementType()!);
        }

        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.IsArray)
        {
            return Full(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Full(value) + "?";
        }

        return type.IsGenericType ? $"{Bare(type)}<{string.Join(", ", type.GetGenericArguments().Select(Full))}>" : Bare(type);
    }

    private static string WithNullability(NullabilityInfo info)
    {
        var type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        var mark = !type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray && info.ElementType is { } element)
        {
            return WithNullability(element) + "[]" + mark;
        }

        var isValueNullable = Nullable.GetUnderlyingType(type) is not null;
        return type.IsGenericType && !isValueNullable && info.GenericTypeArguments.Length > 0
            ? $"{Bare(type)}<{string.Join(", ", info.GenericTypeArguments.Select(WithNullability))}>{mark}"
            : Full(type) + mark;
    }

    private static string Bare(Type type)
    {
        var name = type.Name.Split('`')[0];
        if (type.IsNested)
        {
            return $"{Bare(type.DeclaringType!)}.{name}";
        }

        // The framework's namespaces say nothing; ours do.
        var ours = type.Assembly.GetName().Name!.StartsWith("Resilience", StringComparison.Ordinal);
        return ours ? $"{type.Namespace}.{name}" : name;
    }
}
