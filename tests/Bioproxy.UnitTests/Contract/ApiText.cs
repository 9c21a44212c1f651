using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Bioproxy.UnitTests.Contract;

/// <summary>What an assembly offers to others, as text: one line for each thing somebody may rely on, in ordinal order.</summary>
/// <remarks>A line says one thing only (an accessor, a base type, an attribute), so that what is added never changes a line that was there.
/// Nullability is no part of it: it binds the compiler, not the plugin that was compiled before.</remarks>
internal static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<string> Of(Assembly assembly) =>
        [.. assembly.GetExportedTypes().SelectMany(type => TypeLines(type).Concat(MemberLines(type))).Order(StringComparer.Ordinal)];

    /// <summary>The name of a type as it stands in the lines.</summary>
    public static string Name(Type type)
    {
        if (type.IsGenericParameter)
            return type.Name;
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        var name = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');
        return type.IsGenericType
            ? $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : name;
    }

    private static IEnumerable<string> TypeLines(Type type)
    {
        var name = Name(type);
        yield return $"{name} : {Kind(type)}";
        var compilerMade = typeof(ExtensionAttribute).Namespace;
        foreach (var attribute in type.GetCustomAttributesData().Where(attribute => attribute.AttributeType.Namespace != compilerMade))
            yield return $"{name} {attribute}";
        if (type.IsEnum)
            yield break;
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            yield return $"{name} : inherits {Name(parent)}";
        foreach (var implemented in type.GetInterfaces())
            yield return $"{name} : implements {Name(implemented)}";
    }

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => $"enum of {Name(Enum.GetUnderlyingType(type))}",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static IEnumerable<string> MemberLines(Type type)
    {
        var owner = Name(type);
        var fields = type.GetFields(Declared)
            .Where(field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName)
            .Select(field => $"{owner}.{field.Name}{Constant(field)} -> {Name(field.FieldType)}"
                + (field.IsLiteral ? " const" : Modifiers(field.IsPublic, field.IsStatic)));
        var constructors = type.GetConstructors(Declared)
            .Where(constructor => !constructor.IsStatic && IsOffered(constructor))
            .Select(constructor => $"{owner}.#ctor({Parameters(constructor)}){Modifiers(constructor.IsPublic, false)}");
        var methods = type.GetMethods(Declared)
            .Where(IsOffered)
            .Select(method => $"{owner}.{Accessor(method) ?? Signature(method)} -> {Name(method.ReturnType)}"
                + $"{Constraints(method)}{Modifiers(method)}");
        return fields.Concat(constructors).Concat(methods);
    }

    private static bool IsOffered(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Constant(FieldInfo field) => field.IsLiteral ? " = " + Text(field.GetRawConstantValue()) : "";

    private static string Signature(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        return $"{method.Name}{generic}({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{Parameters(method)})";
    }

    // Each accessor is a line of its own: a setter that is added later leaves the getter's line as it was.
    private static string? Accessor(MethodInfo method)
    {
        if (!method.IsSpecialName || method.GetParameters().Length > 1)
            return null;
        if (method.Name.StartsWith("get_", StringComparison.Ordinal))
            return method.Name[4..] + ".get";
        if (!method.Name.StartsWith("set_", StringComparison.Ordinal))
            return null;
        return method.Name[4..] + (method.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? ".init" : ".set");
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{(parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")}{Name(parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasDefaultValue ? " = " + Text(parameter.RawDefaultValue) : "")));

    private static string Constraints(MethodInfo method) => string.Concat(method.GetGenericArguments().Select(argument =>
        $" where {argument.Name} : {argument.GenericParameterAttributes}"
        + string.Concat(argument.GetGenericParameterConstraints().Select(type => ", " + Name(type)))));

    private static string Modifiers(MethodInfo method)
    {
        var kind = method switch
        {
            { IsAbstract: true } => " abstract",
            { IsVirtual: true } when method.GetBaseDefinition() != method => " override",
            { IsVirtual: true, IsFinal: false } => " virtual",
            _ => "",
        };
        return Modifiers(method.IsPublic, method.IsStatic) + kind;
    }

    private static string Modifiers(bool isPublic, bool isStatic) => (isPublic ? "" : " protected") + (isStatic ? " static" : "");

    private static string Text(object? value) =>
        value is string text ? $"\"{text}\""
        : Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } words ? words
        : "default";
}
