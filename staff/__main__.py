"""The commands. Each is one function's one action; what it did is in the audit trail."""

from dataclasses import dataclass
from typing import Any

import click

from staff import desk, paper, spanish
from tools import deploy


@dataclass(frozen=True, slots=True)
class Asked:
    """How the whole command was called."""

    stage: str | None
    local: bool
    json: bool

    def show(self, function: str, action: str, columns: tuple[str, ...] = (), **given: Any) -> None:
        if bool(self.stage) == self.local:
            raise click.UsageError("Elegí dónde: --stage ETAPA o --local, antes del comando.")
        there = desk.of_stage(self.stage) if self.stage else desk.of_local_run()
        paper.show(there.ask(function, action, **given), self.json, columns)


class Command(click.Command):
    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[OPCIONES]", **how})


class Commands(click.Group):
    """The whole command, which speaks Spanish from the first word that is read to the last that is told."""

    command_class = Command
    group_class = type
    """Groups within it are of the same class (click's own way to say so)."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[OPCIONES]", "subcommand_metavar": "COMANDO …", **how})

    def main(self, *args: Any, **how: Any) -> Any:
        with spanish.spoken():
            return super().main(*args, **how)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--stage", type=click.Choice(deploy.STAGES), help="La etapa, con tus credenciales de AWS.")
@click.option("--local", is_flag=True, help="La corrida local (STATE_DIR dice cuál).")
@click.option("--json", "as_json", is_flag=True, help="La respuesta entera como JSON, no como tabla.")
@click.pass_context
def main(context: click.Context, stage: str | None, local: bool, as_json: bool) -> None:
    """Lo que hace el personal del INTI en miINTI.

    PERSONA es un correo o el id de una cuenta; EMPRESA, un id como c-27334 (cliente) o s-3012 (proveedor). Todo lo que
    se hace, mirar incluido, queda en la auditoría con quién lo hizo.
    """
    context.obj = Asked(stage, local, as_json)


person = click.argument("person", metavar="PERSONA")
company = click.argument("company", metavar="EMPRESA")
request = click.argument("request", metavar="PEDIDO")
file = click.argument("file", metavar="ARCHIVO")
after = click.option("--after", metavar="LUGAR", help="El «more» de la respuesta anterior: lo que sigue.")


@main.command("person")
@person
@click.pass_obj
def find(asked: Asked, person: str) -> None:
    """Buscar a una persona: su cuenta, sesiones, vínculos y pedidos."""
    asked.show("LookUp", "person", person=person)


@main.command()
@person
@click.pass_obj
def activation(asked: Asked, person: str) -> None:
    """Mandar de nuevo el correo de activación; el anterior deja de servir."""
    asked.show("ActOnAccount", "activation", person=person)


@main.command()
@person
@click.pass_obj
def block(asked: Asked, person: str) -> None:
    """Bloquear una cuenta: nadie entra con ella y sus sesiones terminan."""
    asked.show("ActOnAccount", "block", person=person)


@main.command()
@person
@click.pass_obj
def unblock(asked: Asked, person: str) -> None:
    """Desbloquear una cuenta."""
    asked.show("ActOnAccount", "unblock", person=person)


@main.command()
@person
@click.option("--reason", metavar="MOTIVO", required=True, help="Por qué va a andar ahora; queda en la auditoría.")
@click.pass_obj
def unmark(asked: Asked, person: str, reason: str) -> None:
    """Volver a mandar correos a una dirección de la que volvieron o que marcó uno como no deseado.

    También si nadie se registró con ella. No es para probar: cada correo que vuelve nos deja mal con todos. Antes
    asegurate, por otro lado, de que la dirección anda y de que es de quien lo pide.
    """
    asked.show("ActOnAccount", "unmark", person=person, reason=reason)


@main.command("end-sessions")
@person
@click.pass_obj
def end_sessions(asked: Asked, person: str) -> None:
    """Cerrar todas las sesiones de una persona."""
    asked.show("ActOnAccount", "end_sessions", person=person)


@main.command("end-payment-key")
@company
@click.pass_obj
def end_payment_key(asked: Asked, company: str) -> None:
    """Anular la clave de pago de un cliente y cerrar lo que se abrió con ella. Pueden pedir otra."""
    asked.show("ActOnAccount", "end_payment_key", company=company)


@main.command()
@person
@request
@click.pass_obj
def approve(asked: Asked, person: str, request: str) -> None:
    """Aprobar un pedido de vinculación («person» muestra su id), aunque haya vencido."""
    asked.show("DecideLink", "approve", person=person, request=request)


@main.command()
@person
@request
@click.pass_obj
def refuse(asked: Asked, person: str, request: str) -> None:
    """Rechazar un pedido de vinculación; su código deja de servir."""
    asked.show("DecideLink", "refuse", person=person, request=request)


@main.command()
@person
@company
@click.pass_obj
def reinstate(asked: Asked, person: str, company: str) -> None:
    """Levantar la suspensión de un vínculo al que alguien objetó."""
    asked.show("DecideLink", "reinstate", person=person, company=company)


@main.command()
@company
@click.pass_obj
def members(asked: Asked, company: str) -> None:
    """Quiénes están vinculados con una empresa."""
    asked.show("LookUp", "company", company=company)


@main.command()
@person
@click.option("--company", metavar="EMPRESA", help="Una página de sus documentos, en lugar de la lista de empresas.")
@click.option("--kind", type=click.Choice(["voucher", "withholding", "quote", "work_order"]), help="La clase.")
@click.option("--sort", metavar="CAMPO", help="El orden; con «-» adelante, descendente.")
@click.option("--limit", metavar="NÚMERO", type=click.IntRange(1, 100), help="Cuántos (10).")
@click.option("--q", metavar="TEXTO", help="Parte del número, del tipo, del estado o de un importe.")
@click.option("--from", metavar="AAAA-MM-DD", help="Desde este día, incluido.")
@click.option("--to", metavar="AAAA-MM-DD", help="Hasta este día, incluido.")
@click.option("--status", metavar="ESTADO", help="El estado, o la etapa de una orden de trabajo.")
@click.option("--type", metavar="TIPO", help="El código de ARCA del comprobante, o el impuesto de la retención.")
@after
@click.pass_obj
def view(asked: Asked, /, person: str, **query: Any) -> None:
    """Ver lo que ve una persona. No deja rastro en sus datos; en la auditoría, sí."""
    asked.show("LookUp", "view", paper.DOCUMENT if query["company"] else (), person=person, **query)


@main.command()
@after
@click.pass_obj
def returned(asked: Asked, after: str | None) -> None:
    """Los correos que alguien no recibió: volvieron, se marcaron como no deseados, no salieron o ya ni se intentan."""
    asked.show("LookUp", "returned", after=after)


@main.command()
@file
@click.pass_obj
def report(asked: Asked, file: str) -> None:
    """Qué pasó con un archivo del ERP (su nombre en inbox/)."""
    asked.show("HandleImport", "report", file=file)


@main.command()
@file
@click.pass_obj
def rerun(asked: Asked, file: str) -> None:
    """Tomar de nuevo un archivo que sigue en inbox/ (un PDF: files/NOMBRE).

    Vale como del momento en que el ERP lo dejó: entra lo que entonces se rechazó o faltó, y lo que un archivo posterior
    cambió queda como está.
    """
    asked.show("HandleImport", "rerun", file=file)


@main.group()
def payments() -> None:
    """Pagos electrónicos: los retenidos, los que esperan su recibo, imputar a mano, devolver.

    PAGO es la referencia (c-27334.…) o, de un intento que no es de ningún pago nuestro, medio#intento.
    """


payment = click.argument("payment", metavar="PAGO")


@payments.command("held")
@after
@click.pass_obj
def held(asked: Asked, after: str | None) -> None:
    """Plata retenida: no coincide, llegó dos veces o tarde, o no es de ningún pago nuestro."""
    asked.show("LookAtPayments", "payments_held", paper.PAYMENT, after=after)


@payments.command("unsettled")
@after
@click.pass_obj
def unsettled(asked: Asked, after: str | None) -> None:
    """Pagos informados cuyo recibo no llegó."""
    asked.show("LookAtPayments", "payments_unsettled", paper.PAYMENT, after=after)


@payments.command("show")
@payment
@click.pass_obj
def show_payment(asked: Asked, payment: str) -> None:
    """Un pago: sus intentos, sus comprobantes y los recibos que los pagaron."""
    asked.show("LookAtPayments", "payment", payment=payment)


@payments.command()
@payment
@click.option("--receipt", metavar="RECIBO", help="El recibo que lo imputó (su id; «show» los lista).")
@click.option("--reason", metavar="TEXTO", help="Por qué no hay nada más que esperar.")
@click.pass_obj
def settle(asked: Asked, payment: str, receipt: str | None, reason: str | None) -> None:
    """Imputar un pago a mano: sus comprobantes quedan libres. No mueve plata."""
    asked.show("DecidePayment", "settle_payment", payment=payment, receipt=receipt, reason=reason)


@payments.command()
@payment
@click.option("--attempt", metavar="INTENTO", help="Solo este intento («show» los lista): el que sobra, por ejemplo.")
@click.option("--all", is_flag=True, help="Todos los intentos que tienen plata.")
@click.pass_obj
def refund(asked: Asked, payment: str, attempt: str | None, all: bool) -> None:
    """Devolver por el medio de pago la plata de un intento, o la de todos."""
    asked.show("DecidePayment", "refund_payment", payment=payment, attempt=attempt, all=all or None)


@main.group()
def transfers() -> None:
    """Transferencias que informan los clientes: las que esperan, encontrarlas en el banco o rechazarlas.

    TRANSFERENCIA es lo que muestra «list» (c-27334.…).
    """


transfer = click.argument("transfer", metavar="TRANSFERENCIA")


@transfers.command("list")
@after
@click.pass_obj
def waiting(asked: Asked, after: str | None) -> None:
    """Las que nadie miró todavía, primero la que más espera."""
    asked.show("LookAtPayments", "transfers", after=after)


@transfers.command("show")
@transfer
@click.pass_obj
def show_transfer(asked: Asked, transfer: str) -> None:
    """Una transferencia, y una dirección para bajar su comprobante: vale dos minutos."""
    asked.show("LookAtPayments", "transfer", transfer=transfer)


@transfers.command("match")
@transfer
@click.pass_obj
def match(asked: Asked, transfer: str) -> None:
    """Está en el banco: se le avisa a quien la informó. La imputa el recibo del ERP."""
    asked.show("DecideTransfer", "match_transfer", transfer=transfer)


@transfers.command("refuse")
@transfer
@click.option("--reason", metavar="TEXTO", required=True, help="Por qué, como lo va a leer quien la informó.")
@click.pass_obj
def refuse_transfer(asked: Asked, transfer: str, reason: str) -> None:
    """No está, o no es lo que dice: se le avisa a quien la informó, con el motivo."""
    asked.show("DecideTransfer", "refuse_transfer", transfer=transfer, reason=reason)


@main.command()
@click.option("--day", metavar="AAAA-MM-DD", help="Lo de un día de Buenos Aires (hoy).")
@click.option("--person", metavar="PERSONA", help="Lo de una persona; si ya no tiene cuenta, por su id.")
@click.option("--actor", metavar="ARN", help="Lo que hizo alguien del personal.")
@after
@click.pass_obj
def audit(asked: Asked, /, **wanted: Any) -> None:
    """Leer la auditoría, lo más nuevo primero: por día, por persona o por quién lo hizo."""
    if sum(wanted[name] is not None for name in ("day", "person", "actor")) > 1:
        raise click.UsageError("Elegí uno solo: --day, --person o --actor.")
    asked.show("ReadAudit", "audit", paper.TRAIL, **wanted)


if __name__ == "__main__":
    main(prog_name="miinti-staff")
