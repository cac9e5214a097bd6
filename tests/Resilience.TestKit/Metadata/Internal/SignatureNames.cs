using System.Collections.Immutable;
using System.Globalization;
using System.Reflection.Metadata;

namespace Resilience.TestKit.Metadata.Internal;

/// <summary>Writes signatures in one way, whichever assembly they are read from.</summary>
internal sealed class SignatureNames(MetadataReader reader) : ISignatureTypeProvider<string, object?>
{
    public static string Text(MethodSignature<string> method) =>
        $"`{method.GenericParameterCount}({string.Join(", ", method.ParameterTypes)}) : {method.ReturnType}";

    public bool IsOf(TypeReference type, string assembly) => type.ResolutionScope.Kind switch
    {
        HandleKind.AssemblyReference => reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == assembly,
        HandleKind.TypeReference => IsOf(reader.GetTypeReference((TypeReferenceHandle)type.ResolutionScope), assembly),
        _ => false,
    };

    public string NameOf(TypeReference type)
    {
        var name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(reader.GetTypeReference((TypeReferenceHandle)type.ResolutionScope))}+{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    public string NameOf(TypeDefinition type)
    {
        var name = reader.GetString(type.Name);
        var outer = type.GetDeclaringType();
        return outer.IsNil ? $"{reader.GetString(type.Namespace)}.{name}" : $"{NameOf(reader.GetTypeDefinition(outer))}+{name}";
    }

    public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{new string(',', shape.Rank - 1)}]";

    public string GetByReferenceType(string elementType) => elementType + "&";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "method" + Text(signature);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(", ", typeArguments)}>";

    public string GetGenericMethodParameter(object? genericContext, int index) => string.Create(CultureInfo.InvariantCulture, $"!!{index}");

    public string GetGenericTypeParameter(object? genericContext, int index) => string.Create(CultureInfo.InvariantCulture, $"!{index}");

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => $"{unmodifiedType} mod({modifier})";

    public string GetPinnedType(string elementType) => elementType;

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetTypeFromDefinition(MetadataReader from, TypeDefinitionHandle handle, byte rawTypeKind) => NameOf(reader.GetTypeDefinition(handle));

    public string GetTypeFromReference(MetadataReader from, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(reader.GetTypeReference(handle));

    public string GetTypeFromSpecification(MetadataReader from, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
}
