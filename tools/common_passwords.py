"""Writes the list of common passwords that nobody may choose (S02) anew from its sources.

Run it in an environment of its own that has the two packages, never in the project's:

    python -m venv lists && lists/bin/pip install zxcvbn==4.5.0 django==6.1.3
    lists/bin/python tools/common_passwords.py

Entries are lower-case, of eight characters or more (shorter ones are refused for their length), sorted; the notices
of the sources stand above them.
"""

import gzip
import importlib
import importlib.metadata
import unicodedata
from pathlib import Path

TARGET = Path(__file__).parents[1] / "layers/shared/miinti/accounts/common_passwords.txt"
END_OF_NOTICES = "----"

# What people of here choose and lists made elsewhere lack; ours.
LOCAL = """
    abrazo123 aguante1 aguanteboca aguanteriver amorcito amoreterno argentina argentina1 argentina10 argentina123
    argentina2022 argentina78 argentina86 avellaneda bahiablanca bariloche belgrano bienvenida bienvenido bienvenidos
    bocajunior bocajuniors bombonera buenosaires buenosaires1 campeones casablanca catamarca clavesecreta clave123
    clave1234 clave12345 clave123456 claveclave comodoro computadora contrasena contrasena1 contrasena123 contraseña
    contraseña1 contraseña123 contrasenia contrasenia1 contrasenia123 corazon1 corrientes cordoba1 cordoba123 cumpleaños
    cumpleanos diegomaradona empresa1 empresa123 entrerios enero2024 enero2025 enero2026 entrar123 escuela1 estrella
    estrella1 estudiantes familia1 familia123 factura1 factura123 facturas facturas1 facturas123 facturasweb felicidad
    ferrocarril gimnasia hermosa1 hola1234 hola12345 hola123456 holahola holamundo huracan1 independiente ingeniero
    ingresar ingreso1 ingreso123 instituto jujuy123 lanus123 laplata1 lionelmessi maradona maradona10 mardelplata
    mariposa mariposa1 mendoza1 mendoza123 messi123 messi1010 mipassword miclave1 miclave123 micontraseña micontrasena
    miintimiinti miinti123 miinti2024 miinti2025 miinti2026 misiones monumental neuquen1 newells1 nuncamas olavarria
    palermo1 paraguay pergamino platense posadas1 princesa princesa1 quilmes1 racingclub resistencia riverplate
    riverplate1 rosario1 rosario123 rosariocentral salta123 sanjuan1 sanlorenzo sanluis1 sanmartin santacruz santafe1
    santiago1 secreta1 secreto1 secreto123 seguridad seguro123 sistema1 sistema123 sistemas talleres teamomucho teamo123
    teamo1234 tequiero tequiero1 tequieromucho tigre123 trabajo1 trabajo123 tucuman1 tucuman123 usuario1 usuario123
    usuario1234 velezsarsfield verano2024 verano2025 verano2026 viernes1 vamosargentina vamosboca vamosriver
"""


def _sources() -> list[tuple[str, list[str]]]:
    """Each package's name and its passwords."""
    frequency_lists = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS
    django = importlib.import_module("django")
    packed = Path(django.__path__[0]) / "contrib/auth/common-passwords.txt.gz"
    return [
        ("zxcvbn", list(frequency_lists["passwords"])),
        ("Django", gzip.decompress(packed.read_bytes()).decode().splitlines()),
    ]


def _notice(package: str) -> str:
    distribution = importlib.metadata.distribution(package)
    licence = next(file for file in distribution.files or () if file.name in ("LICENSE", "LICENSE.txt"))
    return f"From {package} {distribution.version}:\n\n{licence.read_text().strip()}\n"


def main() -> None:
    entries = set(unicodedata.normalize("NFC", LOCAL).split())
    notices = []
    for package, found in _sources():
        notices.append(_notice(package))
        entries |= {word.strip().lower() for word in found}
    kept = sorted(word for word in entries if len(word) >= 8)
    TARGET.write_text("\n".join([*notices, END_OF_NOTICES, *kept, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
