namespace Bioproxy.Host.Configuration;

/// <summary>Reads the members of one object: each is taken once, and what is left over is an unknown key.</summary>
/// <param name="path">The object's key, with a dot at its end.</param>
/// <param name="value">The object.</param>
/// <param name="reading">Collects mistakes.</param>
internal sealed class MemberReader(string path, ConfigurationValue value, ConfigurationReading reading)
{
    private readonly List<string> _known = [];

    /// <summary>A scalar.</summary>
    /// <returns>Null when it is missing or wrong.</returns>
    public T? Scalar<T>(string name, ValueReader<T> reader)
        where T : class => Find(name) is { } found && TryRead(name, found, reader, out var result) ? result : null;

    /// <summary>A number.</summary>
    /// <returns>Null when it is missing or wrong.</returns>
    public T? Number<T>(string name, ValueReader<T> reader)
        where T : struct => Find(name) is { } found && TryRead(name, found, reader, out var result) ? result : null;

    /// <summary>A folder that exists.</summary>
    /// <returns>Null when it is missing or wrong.</returns>
    public string? Folder(string name) =>
        Find(name) is { } found ? FolderReader.Read(path + name, found, mustExist: true, "", reading) : null;

    /// <summary>An array of strings, none of them empty.</summary>
    /// <returns>Null when it is missing or wrong.</returns>
    public IReadOnlyList<string>? Texts(string name, string example)
    {
        if (Find(name) is not { } found)
            return null;
        if (found.Kind == ConfigurationValueKind.Array
            && found.Members.All(element => element.Value is { Kind: ConfigurationValueKind.Text, Content.Length: > 0 }))
            return [.. found.Members.Select(element => element.Value.Content)];
        reading.Reject(path + name, found, $"an array of strings, e.g. {example}");
        return null;
    }

    /// <summary>Where a member was written, for messages; the object itself when it is missing.</summary>
    public ConfigurationValue At(string name) => Find(name) ?? value;

    /// <summary>To be called last: every member that nobody asked for is a mistake.</summary>
    public void End()
    {
        foreach (var (name, member) in value.Members.Where(member => !_known.Contains(member.Key)))
        {
            var nearest = NearestName.Find(name, _known.Distinct().ToDictionary(known => known));
            var hint = nearest is null ? $"; the keys here are {string.Join(", ", _known.Distinct())}" : $"; did you mean \"{nearest}\"?";
            reading.Reject(new ConfigurationError(path + name, member.Source, null, $"unknown key{hint}"));
        }
    }

    private ConfigurationValue? Find(string name)
    {
        _known.Add(name);
        return value.Members.FirstOrDefault(member => member.Key == name).Value;
    }

    private bool TryRead<T>(string name, ConfigurationValue found, ValueReader<T> reader, out T? result)
    {
        if (found.Kind.Fits(reader.Kind) && reader.TryRead(found.Content, out result))
            return true;
        reading.Reject(path + name, found, reader.Accepted);
        result = default;
        return false;
    }
}
